# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# find_package(backchannel 0.1) defines backchannel::backchannel and looks for nothing else.
# find_package(backchannel 0.1 COMPONENTS gateway tls openssl deflate boost_json compiled) defines these targets too, sets
# backchannel_<component>_FOUND and, for those that are missing, backchannel_<component>_NOT_FOUND_MESSAGE.
cmake_policy(PUSH)
cmake_policy(VERSION 3.20)

include("${CMAKE_CURRENT_LIST_DIR}/backchannel-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/backchannel-components.cmake")

set(backchannel_FOUND TRUE)
set(_backchannel_messages "")
foreach(_backchannel_component IN LISTS backchannel_FIND_COMPONENTS)
    if(_backchannel_component STREQUAL "compiled")
        set(_backchannel_file "${CMAKE_CURRENT_LIST_DIR}/backchannel-compiled-targets.cmake")
        if(EXISTS "${_backchannel_file}")
            include("${_backchannel_file}")
            set(_backchannel_reason "")
        else()
            set(_backchannel_reason "this package was installed without the static library")
        endif()
    else()
        backchannel_define_component("${_backchannel_component}" _backchannel_reason)
    endif()

    if(_backchannel_reason STREQUAL "")
        set(backchannel_${_backchannel_component}_FOUND TRUE)
    else()
        set(backchannel_${_backchannel_component}_FOUND FALSE)
        set(backchannel_${_backchannel_component}_NOT_FOUND_MESSAGE "${_backchannel_reason}")
        string(APPEND _backchannel_messages "component ${_backchannel_component}: ${_backchannel_reason}\n")
        if(backchannel_FIND_REQUIRED_${_backchannel_component})
            set(backchannel_FOUND FALSE)
        endif()
    endif()
endforeach()
if(NOT _backchannel_messages STREQUAL "")
    set(backchannel_NOT_FOUND_MESSAGE "${_backchannel_messages}")
endif()

unset(_backchannel_component)
unset(_backchannel_file)
unset(_backchannel_messages)
unset(_backchannel_reason)
cmake_policy(POP)
