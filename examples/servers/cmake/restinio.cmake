# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
find_package(fmt QUIET)
find_package(restinio 0.6.16 QUIET)
if(TARGET restinio::restinio AND TARGET fmt::fmt)
    backchannel_server_example(restinio LIBRARIES restinio::restinio Threads::Threads)
else()
    set(missing "RESTinio 0.6.16")
endif()
