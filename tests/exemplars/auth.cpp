// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// The smallest authorizers that the comments of concepts.hpp show, just as they stand there.
#include <backchannel/management_router.hpp>

struct minimal_authorizer {
    backchannel::auth_decision authorize(backchannel::request_view const&, backchannel::operation, std::string_view id);
};

struct minimal_async_authorizer {
    void async_authorize(backchannel::request_view const&, backchannel::operation, std::string_view id,
                         backchannel::completion<backchannel::auth_decision> done);
};

backchannel::auth_decision minimal_authorizer::authorize(backchannel::request_view const&, backchannel::operation,
                                                         std::string_view) {
    return backchannel::auth_decision::allow();
}
void minimal_async_authorizer::async_authorize(backchannel::request_view const&, backchannel::operation,
                                               std::string_view,
                                               backchannel::completion<backchannel::auth_decision> done) {
    done(backchannel::auth_decision::allow());
}

static_assert(backchannel::authorizer<minimal_authorizer> && backchannel::authorizer<minimal_async_authorizer>);
static_assert(backchannel::check_authorizer<minimal_authorizer>());
static_assert(backchannel::check_authorizer<minimal_async_authorizer>());
static_assert(!backchannel::has_permits<minimal_authorizer> && !backchannel::has_configure<minimal_authorizer>);

template class backchannel::management_router<minimal_authorizer>;

/// What routers with it can do; handle() needs an answer at once.
[[maybe_unused]] static void use(backchannel::management_router<minimal_async_authorizer>& router) {
    (void)router.async_handle({}, [](backchannel::response) {});
    auto incoming = router.begin({});
    (void)incoming.append("piece");
    incoming.finish([](backchannel::response) {});
}
