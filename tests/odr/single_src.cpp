// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "single_include/backchannel/src.hpp"
