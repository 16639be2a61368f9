// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hooks::on_delivery must be callable as `on_delivery(std::string_view id, backchannel::delivery, std::size_t bytes)` and be noexcept
#include <backchannel/concepts.hpp>
#include <backchannel/traits.hpp>

struct my_hooks {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_delivery(std::string_view, backchannel::delivery, std::size_t) noexcept {}
#else
    void on_delivery(std::string_view, backchannel::delivery, std::size_t) {}
#endif
};

struct my_traits : backchannel::default_hub_traits {
    using hooks = my_hooks;
};

static_assert(backchannel::check_hub_traits<my_traits>());
