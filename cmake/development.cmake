# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# Warnings and sanitizers for the project's own tests and examples. Neither reaches a user's target.

add_library(backchannel_development INTERFACE)
if(CMAKE_CXX_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC" OR MSVC)
    target_compile_options(backchannel_development INTERFACE /W4 /permissive- /utf-8)
    if(BACKCHANNEL_WARNINGS_AS_ERRORS)
        target_compile_options(backchannel_development INTERFACE /WX)
    endif()
else()
    target_compile_options(backchannel_development INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
    if(BACKCHANNEL_WARNINGS_AS_ERRORS)
        target_compile_options(backchannel_development INTERFACE -Werror)
    endif()
endif()

if(BACKCHANNEL_SANITIZE)
    add_library(backchannel_sanitizers INTERFACE)
    target_compile_options(
        backchannel_sanitizers INTERFACE "-fsanitize=${BACKCHANNEL_SANITIZE}" -fno-omit-frame-pointer
                                         -fno-sanitize-recover=all)
    target_link_options(backchannel_sanitizers INTERFACE "-fsanitize=${BACKCHANNEL_SANITIZE}")
    target_link_libraries(backchannel_development INTERFACE backchannel_sanitizers)
    # A library that is not instrumented would hide the races and overflows in its half.
    target_link_libraries(backchannel_compiled PRIVATE "$<BUILD_INTERFACE:backchannel_sanitizers>")
endif()
