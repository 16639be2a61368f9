// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: the limiter of with_rate_limit must have `std::optional<std::chrono::milliseconds> admit(
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/with_rate_limit.hpp>

struct my_limiter {
#if defined(COMPILE_FAIL_CORRECTED)
    std::optional<std::chrono::milliseconds> admit(backchannel::principal const&, backchannel::operation,
                                                   backchannel::time_point now);
#else
    bool admit(backchannel::principal const&, backchannel::operation, backchannel::time_point now);
#endif
};

using limited = backchannel::with_rate_limit<backchannel::allow_all, my_limiter>;
limited* make() { return new limited{{}, {}}; }
