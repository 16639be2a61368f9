// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hooks::on_closed must be callable as `on_closed(std::string_view id, std::uint16_t code)` and be noexcept
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct my_hooks {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_closed(std::string_view, std::uint16_t) noexcept {}
#else
    void on_closed(std::string_view, std::uint16_t) {}
#endif
};

struct my_traits : backchannel::default_hub_traits {
    using hooks = my_hooks;
};

static_assert(backchannel::check_hub_traits<my_traits>());
