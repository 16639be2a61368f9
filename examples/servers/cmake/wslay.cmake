# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
find_path(WSLAY_INCLUDE_DIR wslay/wslay.h)
find_library(WSLAY_LIBRARY wslay)
if(WSLAY_INCLUDE_DIR AND WSLAY_LIBRARY AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    backchannel_server_example(wslay LIBRARIES "${WSLAY_LIBRARY}" Threads::Threads)
    target_include_directories(server_wslay SYSTEM PRIVATE "${WSLAY_INCLUDE_DIR}")
else()
    set(missing "Linux and wslay")
endif()
