// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// Used where Catch2 2.13 comes without its Catch2WithMain library.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
