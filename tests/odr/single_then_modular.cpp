// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// clang-format off
#include "single_include/backchannel/backchannel.hpp"
#include <backchannel/backchannel.hpp>

#include "use.hpp"
