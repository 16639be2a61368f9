// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_WEBSOCKETPP_HPP
#define BACKCHANNEL_ADAPTERS_WEBSOCKETPP_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/ip_text.hpp>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

/// For servers on websocketpp 0.8.2 with its Asio transport, plain or TLS, on any number of threads.
///
/// A connection is used on its strand only, where websocketpp runs its handlers: other threads are brought there.
/// GCC does not compile websocketpp 0.8.2 as C++20; Clang does. websocketpp sends an answer whole and closes behind it,
/// so feeds are answered 501.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::websocketpp {

// websocketpp looks at the byte order when it first needs it, on whichever threads these are: so before there are any
inline std::uint64_t const byte_order_is_known = ::websocketpp::lib::net::_htonll(1);

/// Bytes that a connection has not written yet; websocketpp's own count leaves out what is being written.
using unsent_bytes = std::shared_ptr<std::size_t>;

/// A message that is counted as long as websocketpp keeps it.
template <class Message>
class counted {
public:
    counted(unsent_bytes total, message const& m)
        : message{nullptr, m.kind() == message_kind::text ? op::text : op::binary, m.data().size()},
          total_{std::move(total)}, size_{m.data().size() + sizeof *this} {
        namespace frame = ::websocketpp::frame;
        message.set_header(
            frame::prepare_header(frame::basic_header{message.get_opcode(), m.data().size(), true, false},
                                  frame::extended_header{m.data().size()}));
        message.append_payload(m.data().data(), m.data().size());
        message.set_prepared(true);
        *total_ += size_;
    }
    counted(counted const&) = delete;
    counted& operator=(counted const&) = delete;
    ~counted() { *total_ -= size_; }

    Message message;

private:
    using op = ::websocketpp::frame::opcode::value;

    unsent_bytes total_;
    std::size_t size_;
};

/// websocketpp's WebSockets as the hub sees them.
///
/// `Config` is the server's. There is no `terminate`: websocketpp ends a connection itself if a close is not answered
/// within the configuration's `timeout_close_handshake`.
template <class Config>
struct transport {
    using connection = ::websocketpp::connection<Config>;

    struct handle {
        std::weak_ptr<connection> peer;
        typename connection::strand_ptr strand; // also for what comes when the connection has gone: it is told so there
        unsent_bytes unsent;
    };

    /// Messages go out uncompressed, whatever was negotiated.
    delivery send(handle const& h, message const& m) {
        auto const c = h.peer.lock();
        if (!c) return delivery::gone;
        try {
            auto const kept = std::make_shared<counted<typename Config::message_type>>(h.unsent, m);
            auto const failed = c->send(typename Config::message_type::ptr{kept, &kept->message});
            return failed ? delivery::gone : delivery::accepted;
        } catch (std::bad_alloc const&) {
            return delivery::backpressure;
        }
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        ::websocketpp::lib::error_code ignored;
        if (auto const c = h.peer.lock()) c->close(code, std::string{reason}, ignored);
    }
    void ping(handle const& h, std::string_view payload) {
        ::websocketpp::lib::error_code ignored;
        if (auto const c = h.peer.lock()) c->ping(std::string{payload.substr(0, 125)}, ignored);
    }
    [[nodiscard]] std::size_t buffered(handle const& h) { return *h.unsent; }
    void dispatch(handle const& h, task t) { ::websocketpp::lib::asio::dispatch(*h.strand, std::move(t)); }
    [[nodiscard]] bool on_thread(handle const& h) { return h.strand->running_in_this_thread(); }
};

/// Names a WebSocket for the hub, from its open handler on.
template <class Config>
[[nodiscard]] typename transport<Config>::handle
handle_of(std::shared_ptr<::websocketpp::connection<Config>> const& c) {
    return {c, c->get_strand(), std::make_shared<std::size_t>(0)};
}

/// The address of whoever is connected.
template <class Config>
[[nodiscard]] std::string source_ip_of(::websocketpp::connection<Config>& c) {
    ::websocketpp::lib::asio::error_code failed;
    auto const peer = c.get_raw_socket().remote_endpoint(failed);
    return failed ? std::string{} : normalise_ip(peer.address().to_string());
}

/// Where a WebSocket comes from.
template <class Config>
[[nodiscard]] connection_info info_of(::websocketpp::connection<Config>& c) {
    return {source_ip_of(c), c.get_request_header("User-Agent")};
}

/// A request of websocketpp's as the router reads it. The connection must stay until the router's call has returned.
///
/// websocketpp sorts the headers by name and joins those of the same name with ", ".
class request : public borrowed_request {
public:
    template <class Config>
    explicit request(::websocketpp::connection<Config>& c) : borrowed_request{source_ip_of(c)} {
        auto const& r = c.get_request();
        add_all(r.get_headers());
        view_.method = r.get_method();
        view_.target = r.get_uri();
        view_.body = r.get_body();
        view_.secure = c.get_secure();
    }
};

/// Fills in the answer to a request, within the HTTP handler; websocketpp closes the connection behind it.
template <class Config>
void reply(::websocketpp::connection<Config>& c, response const& answer) {
    c.set_status(static_cast<::websocketpp::http::status_code::value>(answer.status));
    answer.headers.for_each(
        [&](header_view field) { c.append_header(std::string{field.name}, std::string{field.value}); });
    c.replace_header("Connection", "close");
    if (answer.status == 204 || c.get_request().get_method() == "HEAD") return; // RFC 9110 9.3.2
    c.set_body(answer.body);
    if (answer.body.empty()) c.replace_header("Content-Length", "0"); // set_body leaves it out
}

/// Lets the router answer a request, now or later; within the HTTP handler. False: the request is not the router's.
///
/// websocketpp has read the whole body: limit it by the server's `set_max_http_body_size`.
template <class Router, class Config>
bool serve(Router& router, std::shared_ptr<::websocketpp::connection<Config>> const& c) {
    request const converted{*c};
    if (!router.owns(converted.view().target)) return false;
    c->defer_http_response();
    return router.async_handle(converted.view(), [c](response answer) {
        ::websocketpp::lib::asio::post(*c->get_strand(), [c, answer = std::move(answer)] {
            reply(*c, answer);
            ::websocketpp::lib::error_code ignored; // the client has left
            c->send_http_response(ignored);
        });
    });
}

}

#endif
