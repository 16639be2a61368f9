// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/fixed_clock.hpp"
#include "support/request_text.hpp"
#include "support/signer.hpp"
#include "support/socket_pair.hpp"

#include <backchannel/adapters/epoll.hpp>
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/sigv4.hpp>
#include <backchannel/connection_hub.hpp>
#include <backchannel/management_router.hpp>

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace adapter = backchannel::adapters::epoll;
using namespace std::literals;
using progress = adapter::http_client::progress;

struct transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(int, backchannel::message const& m) {
        *last = m.data();
        if (m.data().size() > 16384) *kept_in_place = m.share().data().data() == m.data().data();
        return backchannel::delivery::accepted;
    }
    void close(int, std::uint16_t, std::string_view) {}
    std::shared_ptr<std::string> last = std::make_shared<std::string>();
    std::shared_ptr<bool> kept_in_place = std::make_shared<bool>(false); // a long message, without a copy
};

/// Decides when it is told to.
struct patient {
    std::shared_ptr<std::deque<backchannel::completion<backchannel::auth_decision>>> waiting =
        std::make_shared<std::deque<backchannel::completion<backchannel::auth_decision>>>();
    void async_authorize(backchannel::request_view const&, backchannel::operation, std::string_view,
                         backchannel::completion<backchannel::auth_decision> done) {
        waiting->push_back(std::move(done));
    }
};

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

/// A loop: its queue and its buffer.
struct home {
    home() { tasks.enter(); }
    adapter::task_queue tasks;
    std::vector<char> buffer = std::vector<char>(65536);
    adapter::workspace shared{tasks, buffer};
};

template <class Auth>
struct fixture {
    explicit fixture(home& h, Auth auth = {}, int type = SOCK_SEQPACKET)
        : link{type}, router{hub, std::move(auth), {.stage = "prod"}}, http{std::make_unique<adapter::http_client>(
                                                                           link.server(), h.shared,
                                                                           [this] { turn(0); })} {
        tracked = hub.open(1);
    }

    progress turn(std::uint32_t events = EPOLLIN) {
        if (http == nullptr) return progress::over;
        return last = http->turn(
                   events, router, [this](backchannel::request_view const& r) { return own(r); }, own_limit);
    }
    backchannel::response own(backchannel::request_view const& r) {
        ++owned;
        if (during) std::exchange(during, {})();
        return backchannel::response{200, "text/plain", size != 0 ? std::string(size, 'x') : test::text_of(r)};
    }
    std::string ask(std::string_view text) {
        link.say(text);
        turn();
        return link.hear();
    }
    std::string post(std::string_view body) const {
        return "POST /prod/@connections/" + std::string{tracked.id()} +
               " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               std::string{body};
    }

    test::socket_pair link;
    std::shared_ptr<std::string> delivered = std::make_shared<std::string>();
    std::shared_ptr<bool> kept_in_place = std::make_shared<bool>(false);
    backchannel::connection_hub<transport> hub{transport{delivered, kept_in_place}};
    backchannel::management_router<Auth> router;
    std::unique_ptr<adapter::http_client> http;
    backchannel::session tracked;
    progress last = progress::open;
    int owned = 0;
    std::size_t size = 0;         // of the application's answers
    std::size_t own_limit = 1000; // of the bodies of its requests
    std::function<void()> during; // the application's next answer
};

using plain = fixture<backchannel::allow_all>;

int count(std::string_view text, std::string_view what) {
    int n = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
    return n;
}

constexpr auto get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"sv;

}

TEST_CASE("epoll: a request in pieces of one byte is answered as one that came whole") {
    home h;
    for (auto const& [text, said] :
         {std::pair{"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"sv,
                    "POST /a from  | Host=h | Content-Length=4 | body"sv},
          std::pair{
              "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"sv,
              "POST /a from  | Host=h | Transfer-Encoding=chunked | body"sv}}) {
        plain whole{h}, cut{h};
        std::string const answer = whole.ask(text);
        CHECK(answer == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                            std::to_string(said.size()) + "\r\n\r\n" + std::string{said});
        for (char const& c : text.substr(0, text.size() - 1)) CHECK(cut.ask({&c, 1}) == "nothing");
        CHECK(cut.ask(text.substr(text.size() - 1)) == answer);
        CHECK(cut.ask(text) == answer); // and nothing is left of it
    }
}

TEST_CASE("epoll: requests that came together are answered together, by one write") {
    home h;
    plain f{h};
    std::string const both = f.ask(f.post("one") + std::string{get} + f.post("two") + "GET /half");
    CHECK(count(both, "HTTP/1.1 200 OK\r\n") == 3);
    CHECK(f.link.hear() == "nothing");
    CHECK(*f.delivered == "two");
    CHECK(count(f.ask(" HTTP/1.1\r\nHost: h\r\n\r\n"), "GET /half from  | Host=h | ") == 1);
}

TEST_CASE("epoll: a request that is answered at once costs no allocation") {
    home h;
    plain f{h};
    std::string const request = f.post("hello");
    f.ask(request);
#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
    test::allocation_count const made;
#endif
    for (int i = 0; i != 3; ++i) {
        f.link.say(request);
        f.turn();
    }
#if BACKCHANNEL_TESTS_COUNT_ALLOCATIONS
    CHECK(made.so_far() == 0);
#endif
    for (int i = 0; i != 3; ++i) CHECK(f.link.hear().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("epoll: nothing behind a request is looked at before its late answer, from whatever thread") {
    home h;
    patient auth;
    fixture<patient> f{h, auth};
    CHECK(f.ask(f.post("one") + f.post("two") + std::string{get}) == "nothing");
    CHECK(f.ask(get) == "nothing");
    REQUIRE(auth.waiting->size() == 1);
    auto const decide = [&] {
        auto done = std::move(auth.waiting->front());
        auth.waiting->pop_front();
        done(backchannel::auth_decision::allow());
    };
    std::thread{decide}.join();
    CHECK(f.link.hear() == "nothing");
    h.tasks.run();
    CHECK(count(f.link.hear(), "HTTP/1.1 200 OK\r\n") == 1);
    CHECK(*f.delivered == "one");
    CHECK(f.owned == 0);
    REQUIRE(auth.waiting->size() == 1);
    decide(); // on the loop's thread
    CHECK(count(f.link.hear(), "HTTP/1.1 200 OK\r\n") == 1);
    CHECK(*f.delivered == "two");
    CHECK(f.owned == 2);
}

TEST_CASE("epoll: an answer for a client that has gone is dropped") {
    home h;
    patient auth;
    fixture<patient> f{h, auth};
    f.ask(f.post("one"));
    f.http.reset();
    auth.waiting->front()(backchannel::auth_decision::allow());
    h.tasks.run();
    CHECK(f.link.hear() == "nothing");
}

TEST_CASE("epoll: a late answer that comes during another client's turn waits for its end") {
    home h;
    patient auth;
    fixture<patient> late{h, auth};
    plain f{h};
    late.ask(late.post("one") + std::string{get});
    f.during = [&] {
        auth.waiting->front()(backchannel::auth_decision::allow());
        CHECK(late.owned == 0); // the buffer is the other's
    };
    CHECK(count(f.ask(get), "GET /a from  | Host=h | ") == 1);
    CHECK(late.link.hear() == "nothing");
    h.tasks.run();
    CHECK(*late.delivered == "one");
    CHECK(count(late.link.hear(), "HTTP/1.1 200 OK\r\n") == 1);
    CHECK(count(late.link.hear(), "GET /a from ") == 1);
}

TEST_CASE("epoll: no more is read of a client that does not fetch its answers") {
    home h;
    plain f{h, {}, SOCK_STREAM};
    f.size = 10'000;
    std::string many;
    for (int i = 0; i != 100; ++i) many += get;
    f.link.say(many);
    f.turn();
    CHECK(f.owned > 7);
    CHECK(f.owned < 50); // the socket takes some 200 KiB
    int const before = f.owned;
    f.link.say(get);
    f.turn();
    CHECK(f.owned == before);
    std::string heard;
    auto const hear = [&] {
        for (std::string part = f.link.hear(); part != "nothing"; part = f.link.hear()) heard += part;
    };
    for (int i = 0; f.owned != 101 && i != 100; ++i) {
        hear();
        f.turn(EPOLLOUT);
    }
    hear();
    CHECK(f.owned == 101);
    CHECK(count(heard, "HTTP/1.1 200 OK\r\n") == 101);
}

TEST_CASE("epoll: what breaks a limit or the protocol is answered, and read to its end") {
    home h;
    auto const [request, status] = GENERATE(table<std::string, std::string>({
        {"GET /a HTTP/1.1\r\n\r\n", "400 Bad Request"},
        {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "413 Content Too Large"},
        {"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", "413 Content Too Large"},
        {"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx", "400 Bad Request"},
        {"POST /prod/@connections/x HTTP/1.1\r\nHost: h\r\nContent-Length: 131073\r\n\r\n", "413 Content Too Large"},
        {"GET /" + std::string(9000, 'a'), "414 URI Too Long"},
    }));
    plain f{h};
    std::string const answer = f.ask(request);
    CHECK(answer.starts_with("HTTP/1.1 " + status + "\r\n"));
    CHECK(count(answer, "Connection: close\r\n") == 1);
    CHECK(f.link.hear() == "the end");
    f.link.say(get);
    CHECK(f.turn() == progress::open);
    CHECK(f.owned == 0);
    f.link.finish();
    CHECK(f.turn(EPOLLIN | EPOLLRDHUP) == progress::over);
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
    using aws = backchannel::sigv4<backchannel::static_keys, test::fixed_sigv4_traits>;
    auto const auth = [] {
        return aws{backchannel::static_keys{test::example_key()}, {}, {test::at(test::example_date)}};
    };
    auto const wire = [](fixture<aws> const& f, char filling, bool forged) {
        std::string body(20'000, filling);
        auto r = test::example_post("/prod/@connections/" + std::string{f.tracked.id()}, body);
        test::sign(r);
        if (forged) r.body[100] ^= 1;
        std::string text = "POST " + r.target + " HTTP/1.1\r\n";
        for (auto const& [name, value] : r.headers) text += name + ": " + value + "\r\n";
        return text + "\r\n" + r.body;
    };
    for (bool const whole : {true, false}) {
        CAPTURE(whole);
        fixture<aws> a{h, auth(), SOCK_STREAM}, b{h, auth(), SOCK_STREAM}, forger{h, auth(), SOCK_STREAM};
        a.own_limit = b.own_limit = forger.own_limit = 131072;
        auto const say = [&](fixture<aws>& f, std::string const& text) {
            std::size_t const cut = whole ? 0 : 9000;
            if (cut != 0) {
                f.link.say(std::string_view{text}.substr(0, cut));
                f.turn();
            }
            return f.ask(std::string_view{text}.substr(cut));
        };
        CHECK(say(a, wire(a, 'a', false)) == "nothing"); // waits for another
        CHECK(say(forger, wire(forger, 'f', true)).starts_with("HTTP/1.1 403"));
        CHECK(say(forger, wire(forger, 'f', true)) == "nothing");
        CHECK(say(b, wire(b, 'b', false)).starts_with("HTTP/1.1 200"));
        CHECK(*b.delivered == std::string(20'000, 'b'));
        CHECK(a.link.hear() == "nothing");
        h.tasks.run();
        CHECK(a.link.hear().starts_with("HTTP/1.1 200"));
        CHECK(*a.delivered == std::string(20'000, 'a'));
        CHECK(*a.kept_in_place);
        CHECK(forger.link.hear().starts_with("HTTP/1.1 403"));
        CHECK(*forger.delivered == "");

        CHECK(say(a, wire(a, 'c', false)) == "nothing");
        a.http.reset(); // its client has gone, but the request was whole
        h.tasks.run();
        CHECK(*a.delivered == std::string(20'000, 'c'));

        home ending;
        fixture<aws> last{ending, auth(), SOCK_STREAM};
        last.own_limit = 131072;
        CHECK(say(last, wire(last, 'd', false)) == "nothing");
        last.http.reset();
        CHECK(*last.delivered == "");
        ending.tasks.end(); // the loop has ended, and the router is there still
        CHECK(*last.delivered == std::string(20'000, 'd'));
    }
}

TEST_CASE("epoll: a long request that is not the router's is answered where it was received") {
    home h;
    plain f{h, {}, SOCK_STREAM};
    f.own_limit = 131072;
    std::string const body(20'000, 'x');
    CHECK(f.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + body).ends_with("| " + body));
}

TEST_CASE("epoll: a router that loses a request is answered for with 500") {
    struct losing_router {
        struct incoming {
            bool append(std::string_view) { return true; }
            std::span<char> room() { return {}; }
            void refuse_as_too_large() noexcept {}
            void finish(backchannel::completion<backchannel::response>) {}
        };
        [[nodiscard]] bool owns(std::string_view) const noexcept { return true; }
        [[nodiscard]] std::size_t max_body() const noexcept { return 1000; }
        bool async_handle(backchannel::request_view const&, backchannel::completion<backchannel::response>) {
            return true;
        }
        [[nodiscard]] incoming begin(backchannel::request_view const&, std::size_t,
                                     backchannel::crypto::sha256_lanes*) {
            return {};
        }
    } router;
    home h;
    test::socket_pair link{SOCK_STREAM};
    adapter::http_client http{link.server(), h.shared, [] {}};
    auto const own = [](backchannel::request_view const&) { return backchannel::response{200}; };
    constexpr auto head = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n"sv;
    for (std::string_view const piece : {head, "body"sv}) {
        link.say(piece);
        CHECK(http.turn(EPOLLIN, router, own) == progress::open);
    }
    CHECK(link.hear().starts_with("HTTP/1.1 500"));
    link.say(std::string{head} + "body");
    CHECK(http.turn(EPOLLIN, router, own) == progress::open);
    CHECK(link.hear().starts_with("HTTP/1.1 500"));
}

TEST_CASE("epoll: a client that waits for it is told once to send its body") {
    home h;
    plain f{h};
    constexpr auto head = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"sv;
    CHECK(f.ask(head) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(f.ask("bo") == "nothing");
    CHECK(f.ask("dy").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(f.ask(std::string{head} + "body").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("epoll: HEAD and HTTP/1.0") {
    home h;
    plain f{h};
    CHECK(f.ask("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("\r\n\r\n"));
    CHECK(count(f.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "Connection: keep-alive\r\n") == 1);
    CHECK(count(f.ask("GET /a HTTP/1.0\r\n\r\n"), "Connection: close\r\n") == 1);
    CHECK(f.link.hear() == "the end");
}

TEST_CASE("epoll: a client that ends its side behind its requests gets its answers") {
    home h;
    plain f{h};
    f.link.say(get);
    f.link.finish();
    CHECK(f.turn(EPOLLIN | EPOLLRDHUP) == progress::over); // by one event: there is no other
    CHECK(f.link.hear().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("epoll: a WebSocket is opened behind what was answered, and with what came behind it") {
    home h;
    plain f{h};
    constexpr auto handshake = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"sv;
    CHECK(f.ask(std::string{get} + std::string{handshake} + "frames") == "nothing");
    REQUIRE(f.last == progress::upgrade);
    CHECK(f.http->head().target == "/ws");
    auto const opened = f.http->open();
    REQUIRE(opened);
    CHECK(opened->received == "frames");
    CHECK(opened->answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(opened->answer.ends_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));

    plain refused{h};
    refused.ask("GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    REQUIRE(refused.last == progress::upgrade);
    CHECK(!refused.http->accept());
    CHECK(count(refused.link.hear(), "HTTP/1.1 426 Upgrade Required\r\n") == 1);
    CHECK(refused.link.hear() == "the end");
}
