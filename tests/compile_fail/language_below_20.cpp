// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: backchannel needs C++20
// flags: -std=c++17 -Wfatal-errors
#include <backchannel/backchannel.hpp>
