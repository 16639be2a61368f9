// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/tls_stream.hpp>

#include "support/catch.hpp"
#include "support/tls_link.hpp"

#include <asio/read.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <thread>
#include <vector>

namespace gateway_tls_tests {

using namespace test;

namespace {

/// Writes all of it, whatever the number of calls.
bool write_all(tls_link& link, std::string_view bytes, std::function<void()> const& when_blocked) {
    return rounds([&] {
        bytes.remove_prefix(link.write(bytes));
        if (link.blocked()) when_blocked();
        return bytes.empty() || (link.error && !link.blocked());
    });
}

}

TEST_CASE("bytes go both ways once the handshake is done", "[tls]") {
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(server_options()), only(version)};
    STATIC_REQUIRE(tls_stream::secure);
    CHECK_FALSE(link.stream->established());
    CHECK(link.read() == false);
    CHECK(link.blocked());
    REQUIRE(link.handshake());
    CHECK(link.client->version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
    CHECK(link.client->server_name() == "first server");
    CHECK(link.stream->peer_subject().empty());
    link.client->write("hello");
    CHECK(link.receive(5));
    CHECK(link.received == "hello");
    CHECK(link.write("and back") == 8);
    CHECK_FALSE(link.error);
    CHECK(link.client_receives(8) == "and back");
    CHECK(link.write("") == 0);
    CHECK_FALSE(link.error);
    CHECK(link.write(std::span<std::string_view const>{}) == 0);
    CHECK_FALSE(link.error);
}

TEST_CASE("a handshake that arrives byte by byte is done all the same", "[tls]") {
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(server_options()), only(version)};
    REQUIRE(link.handshake(1));
    link.client->write("x");
    CHECK(link.receive(1));
}

TEST_CASE("a handshake that cannot be sent at once says that it wants to write", "[tls]") {
    auto options = server_options();
    for (int i = 0; i != 100; ++i) options.certificate_text += test_root().pem(); // more than the system holds
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(options), only(version), true};
    (void)link.client->handshake();
    link.client->push();
    CHECK(rounds([&] { return link.read() || link.stream->read_wants_write(); }));
    CHECK(link.blocked());
    CHECK(link.handshake(700));
    CHECK_FALSE(link.stream->read_wants_write());
}

TEST_CASE("errors that others left in OpenSSL's queue are not taken for the stream's", "[tls]") {
    tls_link link{*context_of(server_options())};
    REQUIRE(link.handshake());
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    CHECK_FALSE(link.read());
    CHECK(link.blocked());
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    CHECK(link.write("x") == 1);
}

TEST_CASE("big transfers through small buffers", "[tls]") {
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(server_options()), only(version), true};
    REQUIRE(link.handshake());
    auto const down = some_bytes(1'000'000), up = some_bytes(700'000);
    std::string_view to_send = down, to_give = up;
    std::string client_got;
    std::mt19937 random{7};
    std::size_t blocked = 0;
    auto const done = [&] { return client_got.size() == down.size() && link.received.size() == up.size(); };
    CHECK(rounds([&] {
        auto const give = to_give.substr(0, random() % 20'000);
        if (!give.empty() && link.client->unsent() == 0) {
            link.client->write(give);
            to_give.remove_prefix(give.size());
        }
        link.client->pump(1 + random() % 3000);
        client_got += link.client->read();
        while (link.read(1 + random() % 5000)) {
        }
        if (!link.blocked()) return true;
        // the same bytes at the front, in other pieces and maybe more of them
        std::size_t const cut = std::min<std::size_t>(random() % 300, to_send.size());
        std::array const pieces{to_send.substr(0, cut), std::string_view{}, to_send.substr(cut)};
        if (!to_send.empty()) to_send.remove_prefix(link.write(pieces));
        blocked += link.blocked() ? 1u : 0u;
        return (link.error && !link.blocked()) || done();
    }));
    CHECK(done());
    CHECK((client_got == down));
    CHECK((link.received == up));
    CHECK(blocked > 10);
}

TEST_CASE("a write that is tried again may have more behind it", "[tls]") {
    tls_link link{*context_of(server_options()), {}, true};
    REQUIRE(link.handshake());
    std::string const all = some_bytes(300'000);
    std::string got;
    std::string_view rest = all;
    std::size_t shown = 1; // grows while the socket is full
    CHECK(rounds([&] {
        rest.remove_prefix(link.write(rest.substr(0, shown)));
        if (link.error && !link.blocked()) return true;
        if (link.blocked() && shown < 40'000) {
            shown += 5'000;
        } else if (link.blocked()) {
            link.client->pull(2000);
            got += link.client->read();
        }
        if (!link.blocked()) shown = shown < 40'000 ? 100 : rest.size();
        return rest.empty();
    }));
    CHECK((link.blocked() || !link.error));
    got += link.client_receives(all.size() - got.size());
    CHECK((got == all));
}

TEST_CASE("many small pieces become few records", "[tls]") {
    tls_link link{*context_of(server_options())};
    REQUIRE(link.handshake());
    std::string const all = some_bytes(64 * 1024);
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i != all.size(); i += 16) pieces.push_back(std::string_view{all}.substr(i, 16));
    std::span<std::string_view const> rest{pieces};
    std::string got;
    while (!rest.empty()) {
        std::size_t const n = link.write(rest);
        REQUIRE(n == 16 * 1024);
        rest = rest.subspan(n / 16);
        got += link.client_receives(n);
    }
    CHECK((got == all));
    CHECK(link.client->records() == 4);
    std::array<std::string_view, 4> const around{"", std::string_view{all}.substr(0, 10'000), "", all};
    CHECK(link.write(around) == 16 * 1024);
    CHECK((link.client_receives(16 * 1024) == all.substr(0, 10'000) + all.substr(0, 6384)));
}

TEST_CASE("what is left of a record and whole records that wait are there without the socket", "[tls]") {
    int const version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    tls_link link{*context_of(server_options()), only(version)};
    REQUIRE(link.handshake());
    link.client->write("0123456789");
    link.client->write("abc");
    while (link.client->push() != 0) {
    }
    CHECK(rounds([&] { return link.read(4); }));
    CHECK(link.received == "0123");
    CHECK(link.stream->has_more());
    CHECK(link.read(100));
    CHECK(link.received == "0123456789");
    CHECK(link.stream->has_more());
    CHECK(link.read(100));
    CHECK(link.received == "0123456789abc");
    CHECK_FALSE(link.stream->has_more());

    link.client->write("cut");
    link.client->push(10); // a part of a record is nothing yet
    for (int i = 0; i != 3; ++i) {
        CHECK_FALSE(link.read());
        CHECK(link.blocked());
        CHECK_FALSE(link.stream->has_more());
    }
    CHECK(link.receive(16));
    CHECK(link.received == "0123456789abccut");
}

TEST_CASE("new keys in the middle of a connection (TLS 1.3)", "[tls]") {
    tls_link link{*context_of(server_options()), {}, true};
    REQUIRE(link.handshake());
    std::string got;
    for (int i = 0; i != 5; ++i) {
        REQUIRE(SSL_key_update(link.client->ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
        link.client->write("new keys");
        CHECK(link.receive(8u * static_cast<unsigned>(i + 1)));
        // also while a record is half sent
        std::string const answer = some_bytes(50'000);
        std::string part;
        CHECK(write_all(link, answer, [&] {
            link.client->pull(3000);
            part += link.client->read();
            link.client->push();
            (void)link.read();
        }));
        part += link.client_receives(answer.size() - part.size());
        CHECK((part == answer));
    }
}

TEST_CASE("a flood of messages for TLS alone gives the others a turn", "[tls]") {
    tls_link link{*context_of(server_options())};
    REQUIRE(link.handshake());
    link.client->socket().set_option(asio::socket_base::send_buffer_size{1 << 20});
    std::size_t sent = 0;
    for (int i = 0; i != 8000; ++i) {
        REQUIRE(SSL_key_update(link.client->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
        REQUIRE(SSL_do_handshake(link.client->ssl()) == 1);
    }
    sent = link.client->unsent();
    REQUIRE(sent > 150'000);
    CHECK(rounds([&] { // what fits
        std::size_t const before = link.client->unsent();
        link.client->push();
        return link.client->unsent() == before || before == 0;
    }));
    std::size_t const waiting = sent - link.client->unsent();
    int calls = 0;
    link.client->write("x");
    CHECK(rounds([&] {
        link.client->push();
        ++calls;
        return link.read() || !link.blocked();
    }));
    CHECK(link.received == "x");
    CHECK(calls >= static_cast<int>(waiting / (64 * 1024)));
}

TEST_CASE("a stream can be moved at any time", "[tls]") {
    tls_link link{*context_of(server_options())};
    (void)link.client->handshake();
    link.client->push();
    (void)link.read();
    tls_stream moved = std::move(*link.stream);
    link.stream.emplace(std::move(moved));
    REQUIRE(link.handshake());
    tls_link other{*context_of(server_options())};
    moved = std::move(*link.stream);
    *other.stream = std::move(moved);
    std::string_view const text = "moved";
    CHECK(other.stream->write_some({&text, 1}, other.error) == 5);
    CHECK(link.client_receives(5) == "moved");
}

TEST_CASE("in a loop, against a client of Asio's in a thread", "[tls]") {
    auto const context = context_of(server_options());
    asio::io_context io;
    auto [near, far] = socket_pair(io, true);
    tls_stream stream = context->make_stream(std::move(near));
    std::string const up = some_bytes(400'000);
    std::string echoed;
    std::error_code client_end;
    std::thread peer{[&, native = far.release()] {
        asio::io_context own;
        asio::ssl::context settings{asio::ssl::context::tls_client};
        std::string const root = test_root().pem();
        settings.add_certificate_authority(asio::buffer(root));
        asio::ssl::stream<asio::ip::tcp::socket> client{own, settings};
        client.next_layer().assign(asio::ip::tcp::v4(), native);
        client.next_layer().non_blocking(false);
        client.set_verify_mode(asio::ssl::verify_peer);
        client.handshake(asio::ssl::stream_base::client, client_end);
        for (std::size_t at = 0; at < up.size() && !client_end; at += 10'000) { // each block comes back
            std::string block = up.substr(at, 10'000);
            asio::write(client, asio::buffer(block), client_end);
            if (!client_end) asio::read(client, asio::buffer(block), client_end);
            echoed += block;
        }
        if (!client_end) client.shutdown(client_end); // close_notify both ways
    }};

    std::string waiting;
    std::error_code end;
    bool writing = false;
    std::function<void()> read, write;
    write = [&] {
        std::error_code error;
        while (!waiting.empty() && !error) {
            std::string_view const all = waiting;
            waiting.erase(0, stream.write_some({&all, 1}, error));
        }
        writing = error == asio::error::would_block;
        if (writing) stream.wait_writable([&](std::error_code const&) { write(); });
    };
    read = [&] {
        std::array<char, 3000> room;
        do {
            waiting.append(room.data(), stream.read_some(room, end));
        } while (!end || stream.has_more());
        if (!writing) write();
        auto const again = [&](std::error_code const&) { read(); };
        if (end != asio::error::would_block)
            stream.end_sending(end == asio::error::eof ? end : client_end);
        else if (stream.read_wants_write())
            stream.wait_writable(again);
        else
            stream.wait_readable(again);
    };
    read();
    io.run_for(std::chrono::seconds{60});
    stream.close();
    peer.join();
    CHECK((echoed == up));
    CHECK_FALSE(client_end);
    CHECK_FALSE(end);
}

}
