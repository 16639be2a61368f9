// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/epoll_fixture.hpp"

#include <arpa/inet.h>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace test::epoll;

namespace {

/// Decides when it is told to.
struct patient {
    std::shared_ptr<std::deque<backchannel::completion<backchannel::auth_decision>>> waiting =
        std::make_shared<std::deque<backchannel::completion<backchannel::auth_decision>>>();
    void async_authorize(backchannel::request_view const&, backchannel::operation, std::string_view,
                         backchannel::completion<backchannel::auth_decision> done) {
        waiting->push_back(std::move(done));
    }
};

/// Forgets what it is asked.
struct losing_router {
    struct incoming {
        bool append(std::string_view) { return true; }
        std::span<char> room() { return {}; }
        void refuse_as_too_large() noexcept {}
        void finish(backchannel::completion<backchannel::response>) {}
    };
    static constexpr bool hashes_side_by_side = false;
    [[nodiscard]] bool owns(std::string_view) const noexcept { return true; }
    [[nodiscard]] std::size_t max_body() const noexcept { return 1000; }
    bool async_handle(backchannel::request_view const&, backchannel::completion<backchannel::response>) { return true; }
    [[nodiscard]] incoming begin(backchannel::request_view const&, std::size_t, backchannel::crypto::sha256_lanes*) {
        return {};
    }
};

}

TEST_CASE("epoll: a request in pieces of one byte is answered as one that came whole") {
    home h;
    for (auto const& [text, said] :
         {std::pair{"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"sv,
                    "POST /a from  in the clear | Host=h | Content-Length=4 | body"sv},
          std::pair{
              "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"sv,
              "POST /a from  in the clear | Host=h | Transfer-Encoding=chunked | body"sv}}) {
        plain whole{h}, cut{h};
        std::string const answer = whole.ask(text);
        CHECK(answer == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                            std::to_string(said.size()) + "\r\n\r\n" + std::string{said});
        for (char const& c : text.substr(0, text.size() - 1)) CHECK(cut.ask({&c, 1}) == "nothing");
        CHECK(cut.ask(text.substr(text.size() - 1)) == answer);
        CHECK(cut.ask(text) == answer); // and nothing is left of it
    }
}

TEST_CASE("epoll: a client's address is the one that accept4 gave") {
    sockaddr_storage v4{}, v6{}, other{};
    v4.ss_family = AF_INET;
    v6.ss_family = AF_INET6;
    other.ss_family = AF_UNIX;
    CHECK(inet_pton(AF_INET, "192.0.2.7", &reinterpret_cast<sockaddr_in&>(v4).sin_addr) == 1);
    CHECK(inet_pton(AF_INET6, "2001:db8::7", &reinterpret_cast<sockaddr_in6&>(v6).sin6_addr) == 1);
    CHECK(adapter::source_ip(v4) == "192.0.2.7");
    CHECK(adapter::source_ip(v6) == "2001:db8::7");
    CHECK(inet_pton(AF_INET6, "::ffff:192.0.2.7", &reinterpret_cast<sockaddr_in6&>(v6).sin6_addr) == 1);
    CHECK(adapter::source_ip(v6) == "192.0.2.7");
    CHECK(adapter::source_ip(other).empty());

    home h;
    plain p{h};
    p.http = std::make_unique<adapter::http_client>(p.link.server(), h.shared, [] {}, adapter::source_ip(v4));
    CHECK(p.http->source_ip() == "192.0.2.7");
    CHECK(p.ask(get).ends_with("GET /a from 192.0.2.7 in the clear | Host=h | "));
}

TEST_CASE("epoll: requests that came together are answered together, by one write") {
    home h;
    plain f{h};
    std::string const both = f.ask(f.post("one") + std::string{get} + f.post("two") + "GET /half");
    CHECK(count(both, "HTTP/1.1 200 OK\r\n") == 3);
    CHECK(f.link.hear() == "nothing");
    CHECK(*f.delivered == "two");
    CHECK(count(f.ask(" HTTP/1.1\r\nHost: h\r\n\r\n"), "GET /half from  in the clear | Host=h | ") == 1);
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
    CHECK(count(f.ask(get), "GET /a from  in the clear | Host=h | ") == 1);
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

TEST_CASE("epoll: a client that waits for it is told once to send its body") {
    home h;
    plain f{h};
    constexpr auto head = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"sv;
    CHECK(f.ask(head) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(f.ask("bo") == "nothing");
    CHECK(f.ask("dy").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(f.ask(std::string{head} + "body").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("epoll: a router that loses a request is answered for with 500") {
    losing_router router;
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

TEST_CASE("epoll: the application may refuse who asks for a WebSocket") {
    home h;
    plain f{h};
    CHECK(f.ask(std::string{get} + "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                                   "frames") == "nothing");
    REQUIRE(f.last == progress::upgrade);
    backchannel::response denied{401, "text/plain", "who are you?"};
    denied.headers.add("WWW-Authenticate", "Bearer");
    f.http->refuse(denied);
    std::string const told = f.link.hear();
    CHECK(told.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(told.find("HTTP/1.1 401 Unauthorized\r\n") != told.npos);
    CHECK(told.find("WWW-Authenticate: Bearer\r\n") != told.npos);
    CHECK(told.ends_with("\r\n\r\nwho are you?"));
    CHECK(f.link.hear() == "the end");
}
