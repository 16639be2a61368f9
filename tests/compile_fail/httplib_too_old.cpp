// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: needs cpp-httplib 0.33 or newer
#include <httplib.h>

#if !defined(COMPILE_FAIL_CORRECTED)
#undef CPPHTTPLIB_WEBSOCKET_READ_TIMEOUT_SECOND // one without WebSockets
#endif

#include <backchannel/adapters/httplib.hpp>
