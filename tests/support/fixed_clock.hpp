// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_FIXED_CLOCK_HPP
#define BACKCHANNEL_TESTS_SUPPORT_FIXED_CLOCK_HPP

#include <backchannel/auth/sigv4.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <string_view>

namespace test {

/// A wall clock that shows one moment.
struct fixed_clock {
    backchannel::wall_time now{};

    [[nodiscard]] backchannel::time_point steady() const noexcept { return {}; }
    [[nodiscard]] backchannel::wall_time wall() const noexcept { return now; }
};

struct fixed_sigv4_traits : backchannel::default_sigv4_traits {
    using clock = fixed_clock;
};

/// The moment `YYYYMMDDTHHMMSSZ`; the text must be one.
[[nodiscard]] inline backchannel::wall_time at(std::string_view amz_date) {
    return backchannel::protocol::parse_amz_date(amz_date).value();
}

}

#endif
