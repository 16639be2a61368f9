// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_TLS_LINK_HPP
#define BACKCHANNEL_TESTS_SUPPORT_TLS_LINK_HPP

#include "tls_peer.hpp"

#include <backchannel/gateway/tls.hpp>

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace test {

using backchannel::tls_context;
using backchannel::tls_options;
using backchannel::tls_stream;

inline certificate_authority const& test_root() {
    static certificate_authority const root{"test root"};
    return root;
}

[[nodiscard]] inline tls_options server_options() {
    static identity const own = test_root().issue("first server");
    return {.certificate_text = own.certificate, .key_text = own.key};
}

[[nodiscard]] inline std::shared_ptr<tls_context> context_of(tls_options options) {
    std::error_code error;
    std::string problem;
    auto context = tls_context::make(std::move(options), error, &problem);
    if (!context) throw std::runtime_error{problem};
    return context;
}

/// One version of TLS and no other.
[[nodiscard]] inline tls_client_settings only(int version) {
    tls_client_settings settings;
    settings.oldest = settings.newest = version;
    return settings;
}

/// The same ones each time.
[[nodiscard]] inline std::string some_bytes(std::size_t size) {
    std::mt19937 random{static_cast<unsigned>(size)};
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
}

/// The library's stream, and a client at the other end. All happens on the test's thread, when it says so.
class tls_link {
public:
    explicit tls_link(tls_context const& context, tls_client_settings const& settings = {}, bool small = false) {
        auto [near, far] = socket_pair(io, small);
        server_socket = near.native_handle();
        stream.emplace(context.make_stream(std::move(near)));
        client.emplace(std::move(far), test_root().pem(), settings);
    }

    asio::io_context io;
    std::optional<tls_stream> stream;
    std::optional<tls_client> client;
    int server_socket = -1;
    std::error_code error; ///< of the last call of the stream
    std::string received;  ///< by the stream

    /// One call of `read_some`; whether it gave bytes.
    bool read(std::size_t most = 16 * 1024) {
        room_.resize(most);
        std::size_t const n = stream->read_some(room_, error);
        received.append(room_.data(), n);
        return n != 0;
    }

    std::size_t write(std::span<std::string_view const> pieces) { return stream->write_some(pieces, error); }
    std::size_t write(std::string_view bytes) { return write({&bytes, 1}); }

    [[nodiscard]] bool blocked() const { return error == asio::error::would_block; }

    /// True: both sides have done it. `most` is what goes each way between two steps.
    bool handshake(std::size_t most = 64 * 1024) {
        bool done = false;
        bool const in_time = rounds([&] {
            done = client->handshake();
            client->pump(most);
            if (!stream->established() || !error || blocked()) read();
            if (error && !blocked()) {
                client->pump(most); // the alert
                (void)client->handshake();
                return true;
            }
            return done && stream->established() && client->unsent() == 0;
        });
        return in_time && done && stream->established();
    }

    /// Goes on until the stream has received that many bytes in all, or failed.
    bool receive(std::size_t size) {
        return rounds([&] {
            client->push();
            read();
            return received.size() >= size || (error && !blocked());
        });
    }

    /// What the client reads until there are that many bytes.
    std::string client_receives(std::size_t size) {
        std::string all;
        (void)rounds([&] {
            client->pull();
            all += client->read();
            return all.size() >= size;
        });
        return all;
    }

private:
    std::string room_;
};

}

#endif
