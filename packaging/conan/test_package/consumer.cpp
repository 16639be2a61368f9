// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/backchannel.hpp>

#include <cstdio>

int main() { std::puts("backchannel " BACKCHANNEL_VERSION); }
