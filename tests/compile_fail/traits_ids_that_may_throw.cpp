// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hub traits need a type `ids` with `max_size`
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct throwing_codec {
    static constexpr std::size_t max_size = 16;
    std::size_t encode(backchannel::connection_id const&, char*) const;
    std::optional<backchannel::connection_id> decode(std::string_view) const;
};

struct my_traits : backchannel::default_hub_traits {
#if !defined(COMPILE_FAIL_CORRECTED)
    using ids = throwing_codec;
#endif
};

static_assert(backchannel::check_hub_traits<my_traits>());
