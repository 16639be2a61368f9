# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    backchannel_server_example(epoll LIBRARIES Threads::Threads)
else()
    set(missing "Linux")
endif()
