# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
set(BACKCHANNEL_CROW_DIR "" CACHE PATH "Sources of Crow")
find_path(crow_asio asio.hpp)
if(EXISTS "${BACKCHANNEL_CROW_DIR}/include/crow.h" AND crow_asio)
    add_library(crow INTERFACE)
    target_include_directories(crow INTERFACE "${BACKCHANNEL_CROW_DIR}/include" "${crow_asio}")
    # It writes the limit of a WebSocket route on every upgrade, from each worker.
    backchannel_server_example(crow RACY LIBRARIES crow Threads::Threads)
    if(BACKCHANNEL_SANITIZE MATCHES "undefined") # the header of a long message is put together at an odd address
        set_source_files_properties(crow.cpp PROPERTIES COMPILE_OPTIONS -fno-sanitize=alignment)
    endif()
else()
    set(missing "the sources of Crow in BACKCHANNEL_CROW_DIR, and asio.hpp")
endif()
