// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CONFIG_HPP
#define BACKCHANNEL_CONFIG_HPP

// The only macros of the library.
//
// BACKCHANNEL_SEPARATE_COMPILATION   defined by the user (or by the CMake target backchannel::compiled): bodies are
//                                    compiled once, in the one translation unit that includes <backchannel/src.hpp>.
// BACKCHANNEL_DECL                   precedes every non-template function whose body lives in impl/*.ipp.
// BACKCHANNEL_ABI                    the inline namespace. It names every setting that changes a body, so objects that
//                                    were compiled differently can be linked together without sharing a symbol.
// BACKCHANNEL_EXCEPTIONS             1 where the compiler has exceptions switched on, otherwise 0.

// C++20 in the making, of GCC 10 say, counts.
#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) <= 201703L
#error "backchannel needs C++20: compile with -std=c++20 or later (MSVC: /std:c++20)"
#endif

// Before any header of Asio's: how it gets its memory depends on whether it knows the standard library by then, and has
// to be the same in all of a program.
#include <version>

#if defined(__cpp_exceptions)
#define BACKCHANNEL_EXCEPTIONS 1
#else
#define BACKCHANNEL_EXCEPTIONS 0
#endif

#if defined(BACKCHANNEL_SEPARATE_COMPILATION)
#define BACKCHANNEL_DECL
#if BACKCHANNEL_EXCEPTIONS
#define BACKCHANNEL_ABI v0_sep
#else
#define BACKCHANNEL_ABI v0_sep_nx
#endif
#else
#define BACKCHANNEL_DECL inline
#if BACKCHANNEL_EXCEPTIONS
#define BACKCHANNEL_ABI v0
#else
#define BACKCHANNEL_ABI v0_nx
#endif
#endif

#endif
