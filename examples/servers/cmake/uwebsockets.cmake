# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
set(BACKCHANNEL_UWEBSOCKETS_DIR "" CACHE PATH "Sources of uWebSockets, with those of uSockets in uSockets/")
if(EXISTS "${BACKCHANNEL_UWEBSOCKETS_DIR}/src/App.h" AND
   EXISTS "${BACKCHANNEL_UWEBSOCKETS_DIR}/uSockets/src/libusockets.h")
    enable_language(C)
    file(GLOB usockets_sources "${BACKCHANNEL_UWEBSOCKETS_DIR}/uSockets/src/*.c"
         "${BACKCHANNEL_UWEBSOCKETS_DIR}/uSockets/src/eventing/*.c" "${BACKCHANNEL_UWEBSOCKETS_DIR}/uSockets/src/crypto/*.c")
    add_library(uwebsockets STATIC ${usockets_sources})
    target_include_directories(uwebsockets PUBLIC "${BACKCHANNEL_UWEBSOCKETS_DIR}/src"
                                                  "${BACKCHANNEL_UWEBSOCKETS_DIR}/uSockets/src")
    target_compile_definitions(uwebsockets PUBLIC LIBUS_NO_SSL UWS_NO_ZLIB)
    backchannel_server_example(uwebsockets LIBRARIES uwebsockets Threads::Threads)
else()
    set(missing "the sources of uWebSockets in BACKCHANNEL_UWEBSOCKETS_DIR")
endif()
