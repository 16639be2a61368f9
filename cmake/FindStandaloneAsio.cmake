# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# Finds standalone Asio. Some package managers ship a CMake package with the target asio::asio, others (Debian) the
# headers only.
#
#   StandaloneAsio_FOUND            whether it was found
#   StandaloneAsio_VERSION          for example 1.22.1
#   StandaloneAsio_INCLUDE_DIR      cache entry; set it to choose a copy of the headers
#   StandaloneAsio::StandaloneAsio  the target

if(NOT StandaloneAsio_INCLUDE_DIR)
    if(NOT TARGET asio::asio)
        find_package(asio CONFIG QUIET)
    endif()
    if(TARGET asio::asio)
        get_target_property(_StandaloneAsio_hint asio::asio INTERFACE_INCLUDE_DIRECTORIES)
    else()
        set(_StandaloneAsio_hint "")
    endif()
    find_path(StandaloneAsio_INCLUDE_DIR NAMES asio.hpp HINTS ${_StandaloneAsio_hint})
    unset(_StandaloneAsio_hint)
endif()
mark_as_advanced(StandaloneAsio_INCLUDE_DIR)

if(EXISTS "${StandaloneAsio_INCLUDE_DIR}/asio/version.hpp")
    file(STRINGS "${StandaloneAsio_INCLUDE_DIR}/asio/version.hpp" _StandaloneAsio_line
         REGEX "^#define ASIO_VERSION [0-9]+")
    if(_StandaloneAsio_line MATCHES "ASIO_VERSION ([0-9]+)")
        math(EXPR _StandaloneAsio_major "${CMAKE_MATCH_1} / 100000")
        math(EXPR _StandaloneAsio_minor "${CMAKE_MATCH_1} / 100 % 1000")
        math(EXPR _StandaloneAsio_patch "${CMAKE_MATCH_1} % 100")
        set(StandaloneAsio_VERSION "${_StandaloneAsio_major}.${_StandaloneAsio_minor}.${_StandaloneAsio_patch}")
    endif()
    unset(_StandaloneAsio_line)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
    StandaloneAsio
    REQUIRED_VARS StandaloneAsio_INCLUDE_DIR
    VERSION_VAR StandaloneAsio_VERSION)

if(StandaloneAsio_FOUND AND NOT TARGET StandaloneAsio::StandaloneAsio)
    add_library(StandaloneAsio::StandaloneAsio INTERFACE IMPORTED)
    if(TARGET asio::asio)
        set_property(TARGET StandaloneAsio::StandaloneAsio PROPERTY INTERFACE_LINK_LIBRARIES asio::asio)
    else()
        set_property(TARGET StandaloneAsio::StandaloneAsio PROPERTY INTERFACE_INCLUDE_DIRECTORIES
                                                                    "${StandaloneAsio_INCLUDE_DIR}")
    endif()
endif()
