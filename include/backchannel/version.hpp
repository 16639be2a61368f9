// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_VERSION_HPP
#define BACKCHANNEL_VERSION_HPP

// The one place where the version is written. CMake, Meson and the single header's banner read this line.
#define BACKCHANNEL_VERSION "0.1.0"

#endif
