// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_TOKEN_BUCKETS_HPP
#define BACKCHANNEL_AUTH_TOKEN_BUCKETS_HPP

#include <backchannel/auth.hpp>
#include <backchannel/connection.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

struct token_bucket_options {
    std::uint32_t per_second = 0;     ///< requests of one caller in the long run; 0: no limit
    std::uint32_t burst = 0;          ///< requests that may come at once; 0: as many as `per_second`
    std::size_t max_buckets = 10'000; ///< callers that are remembered at a time
};

/// A limiter for `with_rate_limit`: a bucket of tokens for each principal's name, one token for each request.
///
/// A request that is refused takes none. Callers without a name share a bucket. Beyond `max_buckets` the fullest is
/// forgotten, which is then full again. Exact: no fraction of a token is lost. Thread-safe.
class token_buckets {
public:
    explicit token_buckets(token_bucket_options options)
        : rate_{options.per_second}, max_buckets_{options.max_buckets},
          capacity_{spread(options.burst == 0 ? rate_ : options.burst)}, token_{spread(1)} {}

    /// How long to wait, for a request that is too early; nothing: it is admitted.
    ///
    /// A `now` that is earlier than that of another call is taken for a thread that is late; if by more than a second,
    /// for a clock that was set back.
    [[nodiscard]] BACKCHANNEL_DECL std::optional<std::chrono::milliseconds> admit(principal const& who, operation,
                                                                                  time_point now);

private:
    /// Nanoseconds and parts of one, `rate_` of which make a whole: what a token takes need not be whole.
    struct span {
        std::uint64_t ns = 0, parts = 0;
        friend constexpr auto operator<=>(span const&, span const&) = default;
    };

    // A bucket is the time when it will be full, and the name. The first of the set is the one to forget.
    using buckets = std::set<std::pair<span, std::string>>;
    struct state {
        std::mutex mutex;
        buckets by_time;
        std::map<std::string_view, buckets::iterator> by_name; // the names are in the buckets
    };

    /// How long so many tokens take to come.
    [[nodiscard]] span spread(std::uint64_t tokens) const noexcept {
        if (rate_ == 0) return {};
        return {tokens * 1'000'000'000 / rate_, tokens * 1'000'000'000 % rate_};
    }
    [[nodiscard]] span sum(span a, span b) const noexcept {
        std::uint64_t const parts = a.parts + b.parts;
        return {a.ns + b.ns + parts / rate_, parts % rate_};
    }

    std::uint64_t rate_;
    std::size_t max_buckets_;
    span capacity_, token_;
    std::unique_ptr<state> state_ = std::make_unique<state>();
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/auth/token_buckets.ipp>
#endif

#endif
