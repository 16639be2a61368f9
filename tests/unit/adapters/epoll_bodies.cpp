// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/catch.hpp"
#include "support/epoll_fixture.hpp"
#include "support/fixed_clock.hpp"
#include "support/signer.hpp"

#include <backchannel/auth/sigv4.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// Bodies that come in pieces, or are long.

using namespace test::epoll;

namespace {

/// Counts what it is shown of a body that is still arriving.
struct counting {
    std::shared_ptr<std::size_t> seen = std::make_shared<std::size_t>(0);

    struct state {
        std::shared_ptr<std::size_t> seen;
        void append(std::string_view piece) { *seen += piece.size(); }
        void finish(backchannel::completion<backchannel::auth_decision> done) {
            done(backchannel::auth_decision::allow());
        }
    };
    [[nodiscard]] state begin(backchannel::request_view const&, backchannel::operation, std::string_view) {
        return {seen};
    }
};

/// A client of a router that verifies signatures.
using aws = backchannel::sigv4<backchannel::static_keys, test::fixed_sigv4_traits>;
struct signer : fixture<aws> {
    explicit signer(home& h)
        : fixture{h, aws{backchannel::static_keys{test::example_key()}, {}, {test::at(test::example_date)}},
                  SOCK_STREAM} {
        own_limit = 131072; // so that the body may be dealt with where it was received
    }

    /// Posts 20,000 bytes, so many of head and body in a turn before the others; `forged`: with another body than
    /// signed.
    std::string post_signed(char filling, std::size_t first, bool forged = false) {
        auto r = test::example_post("/prod/@connections/" + std::string{tracked.id()}, std::string(20'000, filling));
        test::sign(r);
        if (forged) r.body[100] ^= 1;
        std::string const text = r.head() + r.body;
        if (first != 0) {
            link.say(std::string_view{text}.substr(0, first));
            turn();
        }
        return ask(std::string_view{text}.substr(first));
    }
};

}

TEST_CASE("epoll: a long body is received where its message keeps it, and nothing behind it with it") {
    home h;
    for (std::size_t const piece : {std::size_t{1000}, std::size_t{30'000}, std::size_t{50'123}}) {
        CAPTURE(piece);
        plain f{h, {}, SOCK_STREAM};
        std::string body(120'000, ' ');
        for (std::size_t i = 0; i != body.size(); ++i) body[i] = static_cast<char>('!' + i * i % 90);
        std::string const text = f.post(body) + std::string{get} + f.post("short");
        std::string heard;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            f.link.say(std::string_view{text}.substr(at, piece));
            f.turn();
            if (std::string const said = f.link.hear(); said != "nothing") heard += said;
            if (at + piece < body.size()) REQUIRE(heard == "");
            if (heard.size() != 0 && f.owned == 0) CHECK(*f.delivered == body);
        }
        CHECK(*f.kept_in_place);
        CHECK(f.owned == 1);
        CHECK(*f.delivered == "short");
        CHECK(count(heard, "HTTP/1.1 200 OK\r\n") == 3);
    }
}

TEST_CASE("epoll: the Auth sees a body as it arrives") {
    home h;
    counting auth;
    fixture<counting> f{h, auth, SOCK_STREAM};
    std::string const request = f.post(std::string(50000, 'b'));
    std::size_t const head = request.size() - 50000;
    CHECK(f.ask(request.substr(0, head + 7)) == "nothing");
    CHECK(*auth.seen == 7);
    CHECK(f.ask(request.substr(head + 7, 30000)) == "nothing");
    CHECK(*auth.seen == 30007);
    CHECK(f.ask(request.substr(head + 30007)).starts_with("HTTP/1.1 200"));
    CHECK(*auth.seen == 50000);
    CHECK(*f.delivered == std::string(50000, 'b'));

    CHECK(f.ask(request.substr(0, head + 7)) == "nothing"); // goes away before the rest
}

TEST_CASE("epoll: long bodies of one turn are verified together, each with its own answer") {
    home h;
    for (std::size_t const first : {std::size_t{0}, std::size_t{9000}}) { // bytes that come before the others
        CAPTURE(first);
        signer a{h}, b{h}, forger{h};
        CHECK(a.post_signed('a', first) == "nothing"); // waits for another
        CHECK(forger.post_signed('f', first, true).starts_with("HTTP/1.1 403"));
        CHECK(forger.post_signed('f', first, true) == "nothing");
        CHECK(b.post_signed('b', first).starts_with("HTTP/1.1 200"));
        CHECK(*b.delivered == std::string(20'000, 'b'));
        CHECK(a.link.hear() == "nothing");
        h.tasks.run();
        CHECK(a.link.hear().starts_with("HTTP/1.1 200"));
        CHECK(*a.delivered == std::string(20'000, 'a'));
        CHECK(*a.kept_in_place);
        CHECK(forger.link.hear().starts_with("HTTP/1.1 403"));
        CHECK(*forger.delivered == "");

        CHECK(a.post_signed('c', first) == "nothing");
        a.http.reset(); // its client has gone, but the request was whole
        h.tasks.run();
        CHECK(*a.delivered == std::string(20'000, 'c'));
    }
}

TEST_CASE("epoll: a body that waits when its loop ends is answered for while the router is there") {
    home h;
    signer last{h};
    CHECK(last.post_signed('d', 0) == "nothing");
    last.http.reset();
    CHECK(*last.delivered == "");
    h.tasks.end();
    CHECK(*last.delivered == std::string(20'000, 'd'));
}

TEST_CASE("epoll: a long body that nobody hashes is sent from where it was received") {
    home h;
    plain f{h, {}, SOCK_STREAM};
    f.own_limit = 131072;
    std::string const body(20'000, 'x');
    CHECK(f.ask(f.post(body)).starts_with("HTTP/1.1 200"));
    CHECK(*f.delivered == body);
    CHECK_FALSE(*f.kept_in_place);
}

TEST_CASE("epoll: a long request that is not the router's is answered where it was received") {
    home h;
    plain f{h, {}, SOCK_STREAM};
    f.own_limit = 131072;
    std::string const body(20'000, 'x');
    CHECK(f.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + body).ends_with("| " + body));
}
