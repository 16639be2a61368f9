// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: hooks::on_denied must be callable as `on_denied(backchannel::auth_decision const&, backchannel::operation, std::string_view id)` and be noexcept
#include <backchannel/management_router.hpp>

struct my_hooks {
#if defined(COMPILE_FAIL_CORRECTED)
    void on_denied(backchannel::auth_decision const&, backchannel::operation, std::string_view) noexcept {}
#else
    void on_denied(backchannel::auth_decision const&, backchannel::operation, std::string_view) {}
#endif
};

struct my_traits : backchannel::default_router_traits {
    using hooks = my_hooks;
};

static_assert(backchannel::check_router_traits<my_traits>());
