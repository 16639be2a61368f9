# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
set(BACKCHANNEL_DROGON_DIR "" CACHE PATH "Where Drogon is installed")
if(BACKCHANNEL_DROGON_DIR)
    list(PREPEND CMAKE_PREFIX_PATH "${BACKCHANNEL_DROGON_DIR}") # Trantor is there too
endif()
find_package(Drogon CONFIG QUIET)
if("${CMAKE_CXX_STANDARD}" STREQUAL "") # which Drogon's package leaves behind
    unset(CMAKE_CXX_STANDARD)
endif()
if(TARGET Drogon::Drogon)
    # RACY: its quit() touches loops that their threads are destroying.
    backchannel_server_example(drogon RACY LIBRARIES Drogon::Drogon Threads::Threads)
else()
    set(missing "Drogon, installed in BACKCHANNEL_DROGON_DIR")
endif()
