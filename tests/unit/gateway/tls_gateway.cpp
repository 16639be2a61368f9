// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/tls.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"
#include "support/tls_link.hpp"

#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>

#include <sys/time.h>

#include <string>
#include <string_view>
#include <system_error>

namespace gateway_tls_gateway_tests {

using namespace test;

namespace {

/// A blocking client over TLS; what takes too long is an error.
class secure_client {
public:
    explicit secure_client(unsigned short port) {
        std::string const root = test_root().pem();
        context_.add_certificate_authority(asio::buffer(root));
        stream_.set_verify_mode(asio::ssl::verify_peer);
        socket().connect({asio::ip::address_v4::loopback(), port});
        ::timeval const patience{15, 0};
        (void)::setsockopt(socket().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        stream_.handshake(asio::ssl::stream_base::client);
    }

    [[nodiscard]] asio::ip::tcp::socket& socket() { return stream_.next_layer(); }

    void send(std::string_view bytes) { asio::write(stream_, asio::buffer(bytes)); }
    std::string read(std::size_t size) {
        if (buffer_.size() < size)
            asio::read(stream_, asio::dynamic_buffer(buffer_), asio::transfer_exactly(size - buffer_.size()));
        return take(size);
    }
    std::string read_head() { return take(asio::read_until(stream_, asio::dynamic_buffer(buffer_), "\r\n\r\n")); }
    /// The answer's body, whose size is told by Content-Length.
    std::string ask(std::string const& request) {
        send(request);
        http_answer answer;
        answer.head = read_head();
        return read(std::stoul(answer.header("Content-Length")));
    }
    /// What a read says when nothing more comes.
    std::error_code end() {
        std::error_code error;
        asio::read(stream_, asio::dynamic_buffer(buffer_), error);
        return error;
    }

private:
    std::string take(std::size_t size) {
        std::string const taken = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return taken;
    }

    asio::io_context io_;
    asio::ssl::context context_{asio::ssl::context::tls_client};
    asio::ssl::stream<asio::ip::tcp::socket> stream_{io_, context_};
    std::string buffer_;
};

struct secure_gateway : running_gateway<> {
    using running_gateway::running_gateway;

    unsigned short secure_port = [this] {
        std::error_code error;
        auto const where = this->on_loop([&] {
            return server.listen({asio::ip::address_v4::loopback(), 0}, context_of(server_options()), error);
        });
        if (error) throw std::system_error{error};
        return where.port();
    }();
};

std::string text_frame(std::string_view text) {
    std::string frame{"\x81"};
    if (text.size() < 126)
        frame += static_cast<char>(text.size());
    else
        frame.append({'\x7F', 0, 0, 0, 0, static_cast<char>(text.size() >> 24), static_cast<char>(text.size() >> 16),
                      static_cast<char>(text.size() >> 8), static_cast<char>(text.size())});
    return frame.append(text);
}

}

TEST_CASE("requests and WebSockets over TLS, next to those without", "[tls][gateway]") {
    secure_gateway g;
    secure_client client{g.secure_port};
    client.send(upgrade_request());
    http_answer answer;
    answer.head = client.read_head();
    CHECK(answer.head.starts_with("HTTP/1.1 101"));
    std::string const id = answer.header("X-Connection-Id");

    client.send(masked_frame(1, "one") + masked_frame(1, "two")); // in one record
    client.send(masked_frame(1, "three"));
    CHECK(client.read(5) == text_frame("one"));
    CHECK(client.read(5) == text_frame("two"));
    CHECK(client.read(7) == text_frame("three"));

    secure_client caller{g.secure_port};
    CHECK(caller.ask(get("/anything")) == "GET /anything ");
    CHECK(caller.ask(post_to(id, "from the backend")).empty());
    CHECK(client.read(18) == text_frame("from the backend"));
    test_client plain{g.port};
    CHECK(plain.ask(post_to(id, "without TLS")).status == 200);
    CHECK(client.read(13) == text_frame("without TLS"));

    client.send(close_frame_of(1000));
    CHECK(client.read(4) == std::string("\x88\x02\x03\xE8", 4));
    CHECK(client.end() == asio::error::eof); // with close_notify, else it would be a truncated stream
}

TEST_CASE("long messages to a slow client over TLS", "[tls][gateway]") {
    auto options = prod();
    options.hub.queue_limit = 20'000'000;
    secure_gateway g{scripted_handler{}, options};
    secure_client client{g.secure_port};
    client.socket().set_option(asio::socket_base::receive_buffer_size{200'000});
    client.send(upgrade_request());
    http_answer answer;
    answer.head = client.read_head();
    secure_client caller{g.secure_port};
    for (int i = 0; i != 60; ++i) {
        std::string const text(i % 3 == 0 ? 100'000u : 10u, static_cast<char>('a' + i % 26));
        REQUIRE(caller.ask(post_to(answer.header("X-Connection-Id"), text)).empty());
    }
    for (int i = 0; i != 60; ++i) {
        std::string const text(i % 3 == 0 ? 100'000u : 10u, static_cast<char>('a' + i % 26));
        auto const frame = text_frame(text);
        REQUIRE((client.read(frame.size()) == frame));
    }
}

TEST_CASE("a handshake has its deadline, and what is no TLS is let go at once", "[tls][gateway]") {
    auto options = prod();
    options.handshake_timeout = std::chrono::milliseconds{200};
    secure_gateway g{scripted_handler{}, options};
    test_client silent{g.secure_port};
    CHECK(silent.ended());
    test_client plain{g.secure_port};
    plain.send(get("/prod"));
    CHECK(plain.ended());
    CHECK(g.server.metrics().handshake_errors == 2);
    secure_client good{g.secure_port};
    std::this_thread::sleep_for(std::chrono::milliseconds{400}); // the deadline is for the handshake only
    CHECK(good.ask(get("/still")) == "GET /still ");
}

TEST_CASE("a gateway that stops says so in TLS too", "[tls][gateway]") {
    secure_gateway g;
    secure_client idle{g.secure_port}, websocket{g.secure_port};
    CHECK(idle.ask(get("/x")) == "GET /x ");
    websocket.send(upgrade_request());
    CHECK(websocket.read_head().starts_with("HTTP/1.1 101"));
    test_client silent{g.secure_port}; // its handshake has not begun
    std::thread stopping{[&] { g.stop(); }};
    CHECK(idle.end() == asio::error::eof);
    CHECK(websocket.read(4) == std::string("\x88\x0C\x03\xE9", 4));
    websocket.send(close_frame_of(1001));
    CHECK(websocket.end() == asio::error::eof);
    silent.close();
    stopping.join();
}

}
