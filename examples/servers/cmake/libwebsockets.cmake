# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
find_path(LIBWEBSOCKETS_INCLUDE_DIR libwebsockets.h)
find_library(LIBWEBSOCKETS_LIBRARY websockets)
if(LIBWEBSOCKETS_INCLUDE_DIR AND LIBWEBSOCKETS_LIBRARY)
    backchannel_server_example(libwebsockets LIBRARIES "${LIBWEBSOCKETS_LIBRARY}" Threads::Threads)
    target_include_directories(server_libwebsockets SYSTEM PRIVATE "${LIBWEBSOCKETS_INCLUDE_DIR}")
else()
    set(missing "libwebsockets 4.1 or newer")
endif()
