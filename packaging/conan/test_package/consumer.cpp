// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/backchannel.hpp>

#include <cstdio>

#if defined(ASIO_STANDALONE)
#error "backchannel::backchannel is the core, whatever options are on"
#endif

int main() { std::puts("backchannel " BACKCHANNEL_VERSION); }
