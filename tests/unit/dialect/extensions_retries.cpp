// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/dialect/extensions.hpp>
#include <backchannel/management_router.hpp>

#include "support/catch.hpp"
#include "support/router_fixture.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/sigv4.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dialect_extensions_retries_tests {

// Requests that come twice, as SDKs send them when they got no answer.

using namespace backchannel;
using test::http_request;
using test::lines;
using test::shown;

namespace {

using headers = std::vector<std::pair<std::string, std::string>>;

using extended_traits = test::still_traits_for<extended_dialect>;

/// Only ever sees a body in pieces.
struct piecewise_auth {
    struct state {
        void append(std::string_view) {}
        void finish(completion<auth_decision> done) { done(auth_decision::allow()); }
    };
    [[nodiscard]] state begin(request_view const&, operation, std::string_view) { return {}; }
    [[nodiscard]] bool permits(request_view const&, principal const&, operation, std::string_view) { return true; }
};

enum class way : std::uint8_t { handle, async_handle, begin };

template <class Auth = allow_all, class Transport = test::direct_transport, class Traits = extended_traits>
struct fixture : test::router_fixture<Auth, Transport, Traits> {
    using base = test::router_fixture<Auth, Transport, Traits>;
    using base::base;

    /// Posts; the request's bytes are gone when this returns. What is answered is in `answers`.
    void ask(http_request r, way how = way::async_handle) {
        std::vector<header_view> fields;
        for (auto const& [name, value] : r.headers) fields.push_back({name, value});
        request_view const view{r.method, r.target, fields, r.body};
        if (how == way::begin) {
            request_view head = view;
            head.body = {};
            auto incoming = this->router.begin(head);
            (void)incoming.append(r.body);
            incoming.finish(this->collect());
        } else if (how == way::async_handle) {
            this->router.async_handle(view, this->collect());
        } else if constexpr (has_authorize<Auth>) {
            this->answers.push_back(shown(this->router.handle(view).value()));
        }
        for (auto& [name, value] : r.headers) std::fill(value.begin(), value.end(), '!');
        std::fill(r.body.begin(), r.body.end(), '!');
    }
    [[nodiscard]] http_request post(headers const& with, std::string body = "x", std::string query = {}) const {
        return {"POST", this->path() + query, with, std::move(body)};
    }
    [[nodiscard]] std::size_t sent() { return this->hub.sent().size(); }
};

headers const sdk{{"Host", "x"}, {"amz-sdk-invocation-id", "5f1c"}, {"amz-sdk-request", "attempt=1"}};

template <class Transport>
void repeats(way how) {
    fixture<allow_all, Transport> t;
    t.hub.wire().owned = false; // with handle(), whoever calls is on no loop
    for (int i = 0; i != 3; ++i) {
        t.ask(t.post(sdk), how);
        t.hub.run();
    }
    CHECK(t.answers == lines(3, "200"));
    CHECK(t.hub.sent() == lines{"send 1 x"});
}

/// Whether two requests were two sends.
template <class Fixture>
bool are_two(Fixture& t, http_request a, http_request b) {
    t.ask(std::move(a));
    t.ask(std::move(b));
    CHECK(std::exchange(t.answers, {}) == lines(2, "200"));
    auto const sent = t.sent();
    CHECK((sent == 1 || sent == 2));
    return sent == 2;
}

}

TEST_CASE("a POST that is repeated is delivered once and answered 200 each time", "[extensions]") {
    auto const how = GENERATE(way::handle, way::async_handle, way::begin);
    repeats<test::direct_transport>(how);
    repeats<test::looping_transport>(how);
}

TEST_CASE("an authorizer that takes pieces changes nothing about repetitions", "[extensions]") {
    fixture<piecewise_auth> t;
    for (way const how : {way::begin, way::async_handle}) t.ask(t.post(sdk), how);
    CHECK(t.answers == lines(2, "200"));
    CHECK(t.sent() == 1);
}

TEST_CASE("AWS' own dialect takes no notice of keys", "[extensions]") {
    fixture<allow_all, test::direct_transport, test::still_traits> t;
    CHECK(are_two(t, t.post(sdk), t.post(sdk)));
}

TEST_CASE("the key is one header of 1 to 128 bytes", "[extensions]") {
    fixture<> t;
    auto const longest = std::string(128, 'k');
    for (headers const& key : {headers{{"AMZ-SDK-Invocation-ID", "a"}}, headers{{"idempotency-key", "b"}},
                               headers{{"amz-sdk-invocation-id", longest}},
                               headers{{"Idempotency-Key", "c"}, {"amz-sdk-invocation-id", "d"}}}) {
        INFO(key[0].first);
        CHECK_FALSE(are_two(t, t.post(key), t.post(key)));
    }
    for (headers const& none :
         {headers{}, headers{{"amz-sdk-invocation-id", ""}}, headers{{"amz-sdk-invocation-id", longest + "k"}},
          headers{{"amz-sdk-invocation-id", "a"}, {"Amz-Sdk-Invocation-Id", "a"}},
          headers{{"Idempotency-Key", "b"}, {"Idempotency-Key", "b"}},
          headers{{"amz-sdk-invocation-id", "b"}, {"Idempotency-Key", ""}},
          headers{{"amz-sdk-request", "attempt=1"}}}) {
        INFO((none.empty() ? "no header" : none[0].first));
        CHECK(are_two(t, t.post(none), t.post(none)));
    }
    // the user's own counts where an SDK adds one to each call
    CHECK_FALSE(are_two(t, t.post({{"Idempotency-Key", "e"}, {"amz-sdk-invocation-id", "f"}}),
                        t.post({{"Idempotency-Key", "e"}, {"amz-sdk-invocation-id", "g"}})));
}

TEST_CASE("a key is its caller's own", "[extensions]") {
    struct named : allow_all {
        auth_decision authorize(request_view const& r, operation, std::string_view) const {
            return auth_decision::allow({find_header(r.headers, "Host")->value, {}});
        }
    };
    fixture<named> t;
    auto const by = [&](char const* who, char const* key) { return t.post({{"Host", who}, {"Idempotency-Key", key}}); };
    CHECK_FALSE(are_two(t, by("ann", "1"), by("ann", "1")));
    CHECK(are_two(t, by("ben", "1"), by("eve", "1")));
}

TEST_CASE("another body, kind, connection or key is another send", "[extensions]") {
    fixture<> t;
    CHECK(are_two(t, t.post(sdk), t.post(sdk, "y")));
    auto const other = t.hub.open(2);
    http_request elsewhere = t.post(sdk, "z");
    elsewhere.target = "/prod/@connections/" + std::string{other.id()};
    CHECK(are_two(t, t.post(sdk, "z"), elsewhere));
    CHECK(are_two(t, t.post(sdk, "k"), t.post(sdk, "k", "?type=binary")));
    CHECK_FALSE(are_two(t, t.post(sdk, "l"), t.post(sdk, "l", "?type=text"))); // as it is by itself
    CHECK(are_two(t, t.post({{"Idempotency-Key", "1"}}), t.post({{"Idempotency-Key", "2"}})));
}

TEST_CASE("a POST to many connections, and other methods, have no key", "[extensions]") {
    fixture<> t;
    http_request many = t.post(sdk);
    many.target = "/prod/@connections?all=true";
    for (int i = 0; i != 2; ++i) t.ask(many);
    CHECK(t.sent() == 2);
    http_request last = t.post(sdk, "the last");
    last.method = "DELETE";
    t.ask(last);
    CHECK(t.answers.back() == "204");
    t.ask(last);
    CHECK(t.answers.back().starts_with("410 GoneException"));
    CHECK(t.hub.sent() == lines{"send 1 the last", "close 1 1000 Connection Closed Normally"});
}

TEST_CASE("equal signatures are no repetition; an equal id is, signed or not", "[extensions]") {
    fixture<test::fixed_sigv4> t{test::fixed_sigv4{static_keys{test::example_key()}, {}, test::still()}};
    auto const signed_post = [&](std::string const& date, headers const& with, std::vector<std::string> names) {
        http_request r = t.post(with);
        test::signing how;
        how.date = date;
        how.signed_headers = std::move(names);
        test::sign(r, how);
        return r;
    };
    headers const plain{{"Host", "x"}};
    std::string const now{test::example_date}, later = "20261121T010001Z";
    http_request const once = signed_post(now, plain, {"host", "x-amz-date"});
    CHECK(are_two(t, once, once));
    std::vector<std::string> const unsigned_id{"host", "x-amz-date"},
        signed_id{"amz-sdk-invocation-id", "host", "x-amz-date"};
    // each attempt is signed anew
    CHECK_FALSE(are_two(t, signed_post(now, sdk, unsigned_id), signed_post(later, sdk, unsigned_id)));
    headers const another{{"Host", "x"}, {"amz-sdk-invocation-id", "77aa"}};
    CHECK_FALSE(are_two(t, signed_post(now, another, signed_id), signed_post(later, another, signed_id)));
    // who may not send learns nothing
    http_request forged = signed_post(now, another, signed_id);
    forged.set("amz-sdk-invocation-id", "77ab");
    t.ask(forged);
    CHECK(t.answers.back().starts_with("403 InvalidSignatureException"));
    CHECK(t.sent() == 0);
}

TEST_CASE("a repetition that comes while the first is under way is answered with it", "[extensions]") {
    fixture<allow_all, test::looping_transport> t;
    t.ask(t.post(sdk));
    t.ask(t.post(sdk), way::begin);
    CHECK(t.answers.empty());
    t.ask(t.post(sdk), way::handle); // which does not wait
    CHECK(t.answers.at(0).starts_with("504 "));
    t.hub.run();
    CHECK(lines(t.answers.begin() + 1, t.answers.end()) == lines(2, "200"));
    CHECK(t.hub.sent() == lines{"send 1 x"});
}

TEST_CASE("the first answer is repeated though the client has left, and a new send is told so", "[extensions]") {
    fixture<allow_all, test::looping_transport> t;
    t.ask(t.post(sdk));
    t.hub.run();
    t.hub.on_loop(1, [&] { t.open.closed(1000); });
    for (way const how : {way::handle, way::async_handle}) {
        t.answers.clear();
        t.ask(t.post(sdk), how);
        t.ask(t.post(sdk, "y"), how);
        CHECK(t.answers.at(0) == "200");
        CHECK(t.answers.at(1).starts_with("410 GoneException"));
        http_request nowhere = t.post(sdk);
        nowhere.target = "/prod/@connections/never";
        t.ask(nowhere, how);
        CHECK(t.answers.at(2).starts_with("400 BadRequestException"));
        CHECK(t.answers.size() == 3);
    }
    CHECK(t.hub.sent() == lines{"send 1 x"});
}

TEST_CASE("a POST that was refused is tried again", "[extensions]") {
    fixture<allow_all, test::looping_transport> t;
    bool full = true;
    t.hub.wire().on_send = [&](int, message const&) { return full ? delivery::backpressure : delivery::accepted; };
    t.ask(t.post(sdk));
    t.hub.run();
    CHECK(t.answers.at(0).starts_with("429 LimitExceededException"));
    full = false;
    t.ask(t.post(sdk));
    t.hub.run();
    CHECK(t.answers.at(1) == "200");
    CHECK(t.sent() == 2);
}

}
