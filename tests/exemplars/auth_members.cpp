// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// Authorizers with each optional member, and one that reads bodies in pieces.
#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/sigv4.hpp>
#include <backchannel/auth/with_policy.hpp>
#include <backchannel/auth/with_rate_limit.hpp>
#include <backchannel/management_router.hpp>

struct full_authorizer {
    backchannel::auth_decision authorize(backchannel::request_view const&, backchannel::operation, std::string_view) {
        return backchannel::auth_decision::refuse(backchannel::auth_error::missing_token);
    }
    bool permits(backchannel::request_view const&, backchannel::principal const&, backchannel::operation,
                 std::string_view) {
        return false;
    }
    void configure(backchannel::router_options const&) {}
};

struct piecewise_authorizer {
    struct verification {
        verification() = default;
        verification(verification const&) = delete;
        void append(std::string_view) {}
        void finish(backchannel::completion<backchannel::auth_decision> done) {
            done(backchannel::auth_decision::allow());
        }
    };
    verification begin(backchannel::request_view const&, backchannel::operation, std::string_view) { return {}; }
};

struct minimal_keys {
    std::optional<backchannel::access_key> find(std::string_view) { return std::nullopt; }
};

struct remote_keys {
    void async_find(std::string_view, backchannel::completion<std::optional<backchannel::access_key>> done) {
        done(std::nullopt);
    }
};

struct named_policy {
    bool permits(backchannel::principal const&, backchannel::iam_request const&) const { return true; }
};

struct no_limit {
    std::optional<std::chrono::milliseconds> admit(backchannel::principal const&, backchannel::operation,
                                                   backchannel::time_point) {
        return std::nullopt;
    }
};

static_assert(backchannel::has_permits<full_authorizer> && backchannel::has_configure<full_authorizer>);
static_assert(backchannel::authorizer<piecewise_authorizer> && !backchannel::has_authorize<piecewise_authorizer>);
static_assert(backchannel::has_authorize<backchannel::sigv4<minimal_keys>>);
static_assert(backchannel::authorizer<backchannel::sigv4<remote_keys>>);
static_assert(!backchannel::has_authorize<backchannel::sigv4<remote_keys>>);
static_assert(backchannel::authorizer<backchannel::with_policy<backchannel::sigv4<remote_keys>, named_policy>>);

template class backchannel::management_router<full_authorizer>;

/// What routers with them can do.
[[maybe_unused]] static void use(backchannel::management_router<piecewise_authorizer>& pieces,
                                 backchannel::management_router<backchannel::sigv4<remote_keys>>& keys) {
    auto const done = [](backchannel::response) {};
    (void)pieces.async_handle({}, done);
    (void)keys.async_handle({}, done);
    auto incoming = pieces.begin({});
    (void)incoming.append("piece");
    incoming.finish(done);
    backchannel::any_of<full_authorizer, backchannel::sigv4<remote_keys>> mixed{
        full_authorizer{}, backchannel::sigv4<remote_keys>{remote_keys{}}};
    backchannel::with_policy<full_authorizer, named_policy> judged{full_authorizer{}, named_policy{}};
    (void)judged.authorize({}, backchannel::operation::get, {});
    backchannel::with_rate_limit<full_authorizer, no_limit> limited{full_authorizer{}, no_limit{}};
    (void)limited.authorize({}, backchannel::operation::get, {});
    mixed.async_authorize({}, backchannel::operation::get, {}, [](backchannel::auth_decision) {});
}
