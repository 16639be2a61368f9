# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
find_package(Boost 1.74 QUIET)
if(TARGET Boost::headers AND EXISTS "${Boost_INCLUDE_DIRS}/boost/beast.hpp")
    backchannel_server_example(beast LIBRARIES Boost::headers Threads::Threads)
else()
    set(missing "Boost.Beast 1.74 or newer")
endif()
