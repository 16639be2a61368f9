// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/backchannel.hpp>

#include "use.hpp"
