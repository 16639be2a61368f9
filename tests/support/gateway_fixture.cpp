// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/gateway_fixture.hpp"

template class backchannel::gateway<backchannel::allow_all, test::scripted_handler>;
template class test::running_gateway<>;
