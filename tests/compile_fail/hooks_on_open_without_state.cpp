// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hooks::on_open must be callable as `on_open(std::string_view id, backchannel::connection_state const&)`
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct my_hooks {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_open(std::string_view, backchannel::connection_state const&) noexcept {}
#else
    void on_open(std::string_view) noexcept {}
#endif
};

struct my_traits : backchannel::default_hub_traits {
    using hooks = my_hooks;
};

static_assert(backchannel::check_hub_traits<my_traits>());
