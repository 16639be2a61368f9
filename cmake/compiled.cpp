// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// The one translation unit of backchannel::compiled.
#include <backchannel/src.hpp>
