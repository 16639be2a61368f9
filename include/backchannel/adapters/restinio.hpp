// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_RESTINIO_HPP
#define BACKCHANNEL_ADAPTERS_RESTINIO_HPP

#include <backchannel/adapters/restinio_stream.hpp>
#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/message_queue.hpp>

#include <restinio/all.hpp>
#include <restinio/websocket/websocket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// For servers on RESTinio 0.6.16, on one thread or on a pool.
///
/// Any thread may call the transport. The handler of a WebSocket runs on that WebSocket's strand.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::restinio {

namespace ws = ::restinio::websocket::basic;

/// A WebSocket and what it has to write, one message at a time.
///
/// RESTinio would take any number of messages, but with no bound, and out of order from several threads; and its own
/// handle is for one thread at a time. Thread-safe. Whoever holds a peer does not keep the connection open.
class peer : public std::enable_shared_from_this<peer> {
public:
    [[nodiscard]] delivery send(message const& m) {
        std::unique_lock lock{mutex_};
        if (!socket_) return delivery::gone;
        delivery const result = queue_.push(m);
        if (result == delivery::accepted) go_on(lock);
        return result;
    }

    void close(std::uint16_t code, std::string_view reason) {
        std::unique_lock lock{mutex_};
        queue_.push_close(code, reason);
        go_on(lock);
    }

    void ping(std::string_view payload) {
        std::unique_lock lock{mutex_};
        ping_.emplace(payload.substr(0, 125));
        go_on(lock);
    }

    /// Without a handshake. RESTinio does not tell the handler of what it was told itself, so the handler is destroyed
    /// without a call.
    void terminate() {
        std::unique_lock lock{mutex_};
        doomed_ = true;
        go_on(lock);
    }

    [[nodiscard]] std::size_t buffered() {
        std::lock_guard const lock{mutex_};
        return queue_.size();
    }

    /// The handler may be called from now on, on another thread.
    void start() {
        std::unique_lock lock{mutex_};
        auto const socket = socket_;
        lock.unlock();
        if (socket) activate(*socket);
    }

private:
    friend class websockets;

    void attach(ws::ws_handle_t socket) {
        std::lock_guard const lock{mutex_};
        socket_ = std::move(socket);
    }

    /// What every server has to do about a frame.
    void received(ws::message_t const& m) {
        std::unique_lock lock{mutex_};
        if (m.opcode() == ws::opcode_t::ping_frame) {
            pong_ = m.payload(); // RFC 6455 5.5.3: an answer to the latest ping is enough
            go_on(lock);
        } else if (m.opcode() == ws::opcode_t::connection_close_frame) {
            queue_.clear();
            auto const last = std::exchange(socket_, nullptr); // RESTinio closes the socket when nobody has it
            lock.unlock();
        }
    }

    /// Hands over what can be handed over. Unlocked meanwhile, as RESTinio may call back at once.
    void go_on(std::unique_lock<std::mutex>& lock) {
        if (calling_) return; // that thread looks again
        calling_ = true;
        while (socket_ && (doomed_ || !busy_)) {
            if (!hand_over(lock)) break;
        }
        calling_ = false;
    }

    /// False if there is nothing.
    bool hand_over(std::unique_lock<std::mutex>& lock) {
        auto socket = socket_;
        bool failed = false;
        try {
            if (doomed_) {
                socket_ = nullptr;
                queue_.clear();
                lock.unlock();
                socket->kill();
            } else if (auto const control = std::exchange(pong_, std::nullopt)) {
                write(*socket, lock, ws::opcode_t::pong_frame, *control, {});
            } else if (!queue_.empty()) {
                shared_message const next = queue_.front();
                auto const opcode =
                    next.kind() == message_kind::text ? ws::opcode_t::text_frame : ws::opcode_t::binary_frame;
                write(*socket, lock, opcode, ::restinio::const_buffer(next.data().data(), next.data().size()), next);
            } else if (auto const last = queue_.take_close()) {
                socket_ = nullptr; // it takes nothing more, and nothing more is heard of it
                lock.unlock();
                socket->send_message(ws::final_frame, ws::opcode_t::connection_close_frame,
                                     std::string{close_payload{last->code, last->reason}.view()});
            } else if (auto const probe = std::exchange(ping_, std::nullopt)) {
                write(*socket, lock, ws::opcode_t::ping_frame, *probe, {});
            } else {
                return false;
            }
        } catch (...) {
            failed = true; // no memory, most likely
        }
        socket.reset(); // the last one closes the connection
        if (!lock.owns_lock()) lock.lock();
        doomed_ |= failed;
        return true;
    }

    void write(ws::ws_t& socket, std::unique_lock<std::mutex>& lock, ws::opcode_t opcode,
               ::restinio::writable_item_t payload, shared_message kept) {
        bool const counted = static_cast<bool>(kept);
        busy_ = true;
        lock.unlock();
        // weak: a connection that ends with its io_context must not keep itself through what it did not write
        socket.send_message(ws::final_frame, opcode, std::move(payload),
                            [self = weak_from_this(), kept = std::move(kept), counted](auto const& error) {
                                if (auto const p = self.lock()) p->written(counted, !error);
                            });
    }

    void written(bool counted, bool good) {
        std::unique_lock lock{mutex_};
        busy_ = false;
        if (counted && !queue_.empty()) queue_.pop();
        doomed_ |= !good; // the handler may have been told already, or will never be
        go_on(lock);
    }

    std::mutex mutex_;
    ws::ws_handle_t socket_;
    message_queue queue_;
    std::optional<std::string> ping_, pong_;
    bool busy_ = false;    // RESTinio is writing
    bool calling_ = false; // a thread is in go_on
    bool doomed_ = false;
};

/// The WebSockets of a server. Thread-safe, but for its destruction.
///
/// Each keeps itself until it is closed. `clear` drops those that are left, when the server's threads have ended and
/// before its io_context goes.
class websockets {
public:
    /// Accepts the WebSocket that a request asks for. `handler(ws::message_t const&)` gets each frame, one at a time,
    /// once `peer::start` has been called: pings are answered already, and one with the opcode of a close is the last.
    /// The handler is destroyed when the connection has ended, by whatever; a `session` in it ends there.
    template <class Traits, class Extra, class F>
    [[nodiscard]] std::shared_ptr<peer> upgrade(::restinio::generic_request_t<Extra>& r, F handler) {
        auto made = std::make_shared<peer>();
        made->attach(ws::upgrade<Traits>(
            r, ws::activation_t::delayed,
            [made, handler = std::move(handler)](ws::ws_handle_t const&, ws::message_handle_t const& m) mutable {
                made->received(*m);
                handler(*m);
            }));
        std::lock_guard const lock{mutex_};
        if (peers_.size() >= 2 * living_ + 16) {
            std::erase_if(peers_, [](std::weak_ptr<peer> const& p) { return p.expired(); });
            living_ = peers_.size();
        }
        peers_.push_back(made);
        return made;
    }

    void clear() {
        std::unique_lock lock{mutex_};
        auto const all = std::exchange(peers_, {});
        living_ = 0;
        lock.unlock();
        for (auto const& each : all) {
            if (auto const p = each.lock()) p->terminate();
        }
    }

private:
    std::mutex mutex_;
    std::vector<std::weak_ptr<peer>> peers_;
    std::size_t living_ = 0; // when those that had gone were removed last
};

/// The code of a close frame, as `session::closed` wants it.
[[nodiscard]] inline std::uint16_t close_code(ws::message_t const& m) {
    return m.payload().size() < 2 ? 1005 : static_cast<std::uint16_t>(ws::status_code_from_bin(m.payload()));
}

/// RESTinio's WebSockets as the hub sees them.
struct transport {
    using handle = std::weak_ptr<peer>;

    delivery send(handle const& h, message const& m) {
        auto const p = h.lock();
        return p ? p->send(m) : delivery::gone;
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        if (auto const p = h.lock()) p->close(code, reason);
    }
    void ping(handle const& h, std::string_view payload) {
        if (auto const p = h.lock()) p->ping(payload);
    }
    void terminate(handle const& h) {
        if (auto const p = h.lock()) p->terminate();
    }
    [[nodiscard]] std::size_t buffered(handle const& h) {
        auto const p = h.lock();
        return p ? p->buffered() : 0;
    }
};

/// A request of RESTinio's as the router reads it. RESTinio's must stay until the router's call has returned.
class request : public borrowed_request {
public:
    template <class Extra>
    explicit request(::restinio::generic_request_t<Extra> const& r)
        : borrowed_request{normalise_ip(r.remote_endpoint().address().to_string())} {
        r.header().for_each_field([&](auto const& field) { add(field.name(), field.value()); });
        view_.method = r.header().method().c_str();
        view_.target = r.header().request_target();
        view_.body = r.body();
    }
};

/// Where the client of a WebSocket comes from, by the request that asks for it.
template <class Extra>
[[nodiscard]] connection_info info_of(::restinio::generic_request_t<Extra> const& r) {
    return {normalise_ip(r.remote_endpoint().address().to_string()),
            r.header().get_field_or(::restinio::http_field::user_agent, "")};
}

/// Answers a request, from any thread; does nothing if the client has left.
template <class Extra>
void reply(::restinio::generic_request_t<Extra>& r, response answer) {
    namespace server = ::restinio;
    server::http_status_line_t const status{server::http_status_code_t{static_cast<std::uint16_t>(answer.status)},
                                            std::string{http1::reason_phrase(answer.status)}};
    auto const write_headers = [&](auto& header) {
        answer.headers.for_each(
            [&](header_view field) { header.add_field(std::string{field.name}, std::string{field.value}); });
    };
    bool const to_head = r.header().method() == server::http_method_head();
    if (answer.status != 204 && !to_head) {
        auto out = r.create_response(status);
        write_headers(out.header());
        (void)out.set_body(std::move(answer.body)).done();
        return;
    }
    // RESTinio's builder adds a Content-Length to everything, that of what it sends: RFC 9110 8.6 forbids it here
    server::http_response_header_t header{status};
    header.should_keep_alive(r.header().should_keep_alive());
    write_headers(header);
    if (answer.status != 204) header.set_field("Content-Length", std::to_string(answer.body.size()));
    server::writable_items_container_t items;
    items.emplace_back(
        server::impl::create_header_string(header, server::impl::content_length_field_presence_t::skip_content_length));
    auto const connection = std::move(server::impl::access_req_connection(r));
    connection->write_response_parts(
        r.request_id(),
        {server::response_parts_attr_t::final_parts, server::response_connection_attr(header.should_keep_alive())},
        server::write_group_t{std::move(items)});
}

/// Lets the router answer a request, now or later. False: the request is not the router's.
///
/// RESTinio has read the whole body: limit it by the server's `incoming_http_msg_limits`.
template <class Router, class Extra>
bool serve(Router& router, std::shared_ptr<::restinio::generic_request_t<Extra>> const& r) {
    request const converted{*r};
    return router.async_handle(converted.view(), [r](response answer) { reply(*r, std::move(answer)); });
}

/// The same, with answers that stream as well. `context`: what the server runs on, for timers.
template <class Router, class Extra>
bool serve(Router& router, std::shared_ptr<::restinio::generic_request_t<Extra>> const& r,
           ::restinio::asio_ns::io_context& context) {
    request const converted{*r};
    request_view view = converted.view();
    view.streams = view.method != "HEAD";
    return router.async_handle(view, [r, executor = context.get_executor()](response answer) {
        if (answer.stream == nullptr)
            reply(*r, std::move(answer));
        else
            reply_endless(*r, executor, std::move(answer));
    });
}

}

#endif
