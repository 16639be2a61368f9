// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_CROW_HPP
#define BACKCHANNEL_ADAPTERS_CROW_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/session.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/pinned.hpp>

#include <crow.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

/// For servers on Crow 1.3.2 or newer, with standalone Asio or Boost's.
///
/// The hub may be called from any thread. Crow queues what a client does not read without a limit and does not tell how
/// much that is; see docs/embedding.md for what follows. Crow sends an answer whole and once, so feeds are answered
/// 501.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::crow {

#ifdef CROW_USE_BOOST
namespace net = boost::asio;
#else
namespace net = ::asio;
#endif

using connection = ::crow::websocket::connection;

/// A WebSocket, until Crow destroys it, and the loop that it belongs to.
struct handle {
    pinned<connection> socket;
    net::io_context* loop = nullptr;
};

/// Crow's WebSockets as the hub sees them.
struct transport {
    using handle = crow::handle;
    static constexpr bool unbounded = true;

    delivery send(handle const& h, message const& m) {
        return h.socket.use(delivery::gone, [&m](connection& c) {
            if (m.kind() == message_kind::binary)
                c.send_binary(std::string{m.data()});
            else
                c.send_text(std::string{m.data()});
            return delivery::accepted;
        });
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        // on the loop's thread Crow would close at once, in front of the messages that it has posted
        auto const post_close = [&](connection&) {
            net::post(*h.loop, [socket = h.socket, code, text = std::string{reason}] {
                socket.use(false, [&](connection& c) { return c.close(text, code), true; });
            });
            return true;
        };
        h.socket.use(false, post_close);
    }
    void ping(handle const& h, std::string_view payload) {
        h.socket.use(false, [payload](connection& c) { return c.send_ping(std::string{payload}), true; });
    }
};

/// The WebSockets of an application with their sessions. Each member is for the handler of the same name.
///
/// Declare it behind the app, so that it goes first: Crow destroys the WebSockets that are open when it stops without a
/// word.
template <class Hub>
class clients {
public:
    explicit clients(Hub& hub) noexcept : hub_{hub} {}
    clients(clients const&) = delete;
    clients& operator=(clients const&) = delete;
    ~clients() {
        for (auto& [key, c] : open_) c->socket.reset();
    }

    /// Who the client is, which Crow tells here only.
    void onaccept(::crow::request const& r, void** userdata) {
        auto made = std::make_unique<client>();
        made->info = {normalise_ip(r.remote_ip_address), r.get_header_value("user-agent")};
        made->loop = r.io_context;
        client* const key = made.get();
        std::lock_guard const lock{mutex_};
        open_.emplace(key, std::move(made));
        *userdata = key;
    }

    /// The session of a new WebSocket; empty if the hub is full.
    session const& onopen(connection& c) {
        client& found = *static_cast<client*>(c.userdata());
        found.socket = pinned<connection>{c};
        found.tracked = hub_.open({found.socket, found.loop}, std::move(found.info));
        return found.tracked;
    }

    /// The client's session; null if it has gone, as messages may still come then.
    [[nodiscard]] session const* onmessage(connection& c) const noexcept {
        auto const* const found = static_cast<client*>(c.userdata());
        return found == nullptr ? nullptr : &found->tracked;
    }

    /// May come more than once.
    void onclose(connection& c, std::string_view reason, std::uint16_t code) {
        auto* const found = static_cast<client*>(c.userdata());
        if (found == nullptr) return;
        c.userdata(nullptr);
        found->socket.reset();
        found->tracked.closed(code, reason);
        std::lock_guard const lock{mutex_};
        open_.erase(found);
    }

private:
    struct client {
        connection_info info;
        net::io_context* loop = nullptr;
        pinned<connection> socket;
        session tracked;
    };

    Hub& hub_;
    std::mutex mutex_;
    std::unordered_map<client*, std::unique_ptr<client>> open_;
};

/// A request of Crow's as the router reads it; valid as long as the request.
class request : public borrowed_request {
public:
    explicit request(::crow::request const& r)
        : borrowed_request{normalise_ip(r.remote_ip_address)}, method_{::crow::method_name(r.method)} {
        add_all(r.headers);
        view_.method = method_;
        view_.target = r.raw_url;
        view_.body = r.body;
    }

private:
    std::string method_;
};

inline void write(response answer, ::crow::response& to) {
    to.code = answer.status;
    answer.headers.for_each(
        [&to](header_view field) { to.add_header(std::string{field.name}, std::string{field.value}); });
    to.body = std::move(answer.body);
    to.manual_length_header = answer.status == 204; // RFC 9110 8.6
}

/// Lets the router answer a request, in a `CROW_CATCHALL_ROUTE` or a middleware. False: the request is not the
/// router's.
///
/// Needs an Auth that answers at once.
template <class Router>
bool serve(Router& router, ::crow::request const& r, ::crow::response& to) {
    auto answer = router.handle(request{r}.view());
    if (answer) write(std::move(*answer), to);
    return answer.has_value();
}

/// The same, with any Auth, in a route of its own: Crow ends the answers of a catch-all route itself. `to.end()` is
/// called when the answer is there.
template <class Router>
bool async_serve(Router& router, ::crow::request const& r, ::crow::response& to) {
    return router.async_handle(request{r}.view(), [&to, loop = r.io_context](response answer) {
        net::dispatch(*loop, [&to, answer = std::move(answer)]() mutable {
            write(std::move(answer), to);
            to.end();
        });
    });
}

}

#endif
