// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// clang-format off
#include <backchannel/gateway/gateway.hpp>
#include "single_include/backchannel/backchannel_gateway.hpp"

#include "use.hpp"
