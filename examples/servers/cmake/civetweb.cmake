# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# Not by find_package: Debian's configuration fails where the package of the stand-alone server is not installed.
find_path(CIVETWEB_INCLUDE_DIR civetweb.h)
find_library(CIVETWEB_LIBRARY civetweb)
mark_as_advanced(CIVETWEB_INCLUDE_DIR CIVETWEB_LIBRARY)
if(CIVETWEB_INCLUDE_DIR AND CIVETWEB_LIBRARY)
    backchannel_server_example(civetweb LIBRARIES ${CIVETWEB_LIBRARY} Threads::Threads)
    target_include_directories(server_civetweb SYSTEM PRIVATE ${CIVETWEB_INCLUDE_DIR})
else()
    set(missing "CivetWeb 1.15 or newer")
endif()
