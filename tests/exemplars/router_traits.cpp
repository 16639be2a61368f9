// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// Router traits with every member replaced.
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/management_router.hpp>

struct own_clock {
    backchannel::time_point steady() const noexcept { return {}; }
    backchannel::wall_time wall() const noexcept { return {}; }
};

struct own_hooks {
    void on_denied(backchannel::auth_decision const&, backchannel::operation, std::string_view) noexcept {}
};

struct own_dialect : backchannel::aws_dialect {
    using aws_dialect::aws_dialect;
};

struct own_traits : backchannel::default_router_traits {
    using clock = own_clock;
    using hooks = own_hooks;
    using dialect = own_dialect;
};

static_assert(backchannel::router_traits<own_traits> && backchannel::router_traits<backchannel::default_router_traits>);
static_assert(backchannel::has_on_denied<own_hooks> && !backchannel::has_on_denied<backchannel::no_hooks>);

template class backchannel::management_router<backchannel::allow_all, own_traits>;
