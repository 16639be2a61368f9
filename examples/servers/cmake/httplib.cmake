# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
set(BACKCHANNEL_HTTPLIB_DIR "" CACHE PATH "The folder with httplib.h of cpp-httplib 0.33 or newer")
if(EXISTS "${BACKCHANNEL_HTTPLIB_DIR}/httplib.h")
    backchannel_server_example(httplib LIBRARIES Threads::Threads)
    target_include_directories(server_httplib SYSTEM PRIVATE "${BACKCHANNEL_HTTPLIB_DIR}")
else()
    set(missing "cpp-httplib 0.33 or newer: set BACKCHANNEL_HTTPLIB_DIR")
endif()
