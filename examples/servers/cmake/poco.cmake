# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
find_package(Poco 1.11 QUIET COMPONENTS Net Foundation)
if(TARGET Poco::Net)
    backchannel_server_example(poco LIBRARIES Poco::Net Poco::Foundation Threads::Threads)
else()
    set(missing "POCO 1.11 or newer")
endif()
