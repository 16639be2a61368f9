// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_AUTH_TOKEN_BUCKETS_IPP
#define BACKCHANNEL_IMPL_AUTH_TOKEN_BUCKETS_IPP

#include <backchannel/auth/token_buckets.hpp>

namespace backchannel::inline BACKCHANNEL_ABI {

BACKCHANNEL_DECL std::optional<std::chrono::milliseconds> token_buckets::admit(principal const& who, operation,
                                                                               time_point time) {
    using std::chrono::nanoseconds;
    if (rate_ == 0) return std::nullopt;
    auto const since_epoch = std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count();
    // times before the epoch too, and what is 140 years ahead has room above
    span const now{static_cast<std::uint64_t>(since_epoch) + (std::uint64_t{1} << 63), 0};
    buckets& by_time = state_->by_time;
    auto& by_name = state_->by_name;
    std::lock_guard const lock{state_->mutex};

    auto const found = by_name.find(who.name.view());
    auto const fill_at = [&](span when) { // moves the bucket to another place, which cannot fail
        auto node = by_time.extract(found->second);
        node.value().first = when;
        found->second = by_time.insert(std::move(node)).position;
    };
    span missing{};
    if (found != by_name.end() && found->second->first > now) {
        span const full = found->second->first;
        missing = {full.ns - now.ns, full.parts};
        if (missing > sum(capacity_, {1'000'000'000, 0})) { // the clock was set back: it is as if all had been taken
            missing = capacity_;
            fill_at(sum(now, missing));
        }
    }
    span const after = sum(missing, token_);
    if (after > capacity_) {
        std::uint64_t const rest = after.parts > capacity_.parts ? 1 : 0;
        nanoseconds const wait{static_cast<std::int64_t>(after.ns - capacity_.ns + rest)}; // rounded up
        return std::chrono::ceil<std::chrono::milliseconds>(wait);
    }
    if (found != by_name.end()) {
        fill_at(sum(now, after));
        return std::nullopt;
    }
    buckets bucket;
    bucket.emplace(sum(now, after), who.name.view());
    std::map<std::string_view, buckets::iterator> entry;
    entry.emplace(bucket.begin()->second, bucket.begin());
    // whatever has thrown, has thrown above
    if (!by_time.empty() && by_time.size() >= max_buckets_) {
        by_name.erase(by_time.begin()->second);
        by_time.erase(by_time.begin());
    }
    by_time.merge(bucket);
    by_name.merge(entry);
    return std::nullopt;
}

}

#endif
