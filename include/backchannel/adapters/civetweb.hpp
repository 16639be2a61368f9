// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_CIVETWEB_HPP
#define BACKCHANNEL_ADAPTERS_CIVETWEB_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/support/blocking_stream.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/frame_assembler.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/serial_writer.hpp>
#include <backchannel/support/wait_for_answer.hpp>

#include <civetweb.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

/// For servers on CivetWeb 1.15 or newer, on POSIX: a thread for each connection, sends that block. Signatures need the
/// server's option `decode_url=no`.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::civetweb {

/// A WebSocket as a `serial_writer` writes to it.
struct peer {
    mg_connection* connection;
    std::atomic<bool>* leaving; // the connection's own thread knows that it is over

    bool ready() noexcept { return true; } // CivetWeb does not show its socket
    bool write(message const& m) {
        return frame(m.data(), m.kind() == message_kind::text ? MG_WEBSOCKET_OPCODE_TEXT : MG_WEBSOCKET_OPCODE_BINARY);
    }
    bool write_close(std::uint16_t code, std::string_view reason) {
        return frame(close_payload{code, reason}.view(), MG_WEBSOCKET_OPCODE_CONNECTION_CLOSE);
    }
    bool write_ping(std::string_view payload) { return frame(payload.substr(0, 125), MG_WEBSOCKET_OPCODE_PING); }
    bool write_pong(std::string_view payload) { return frame(payload, MG_WEBSOCKET_OPCODE_PONG); }
    /// The connection's thread looks at this when a frame arrives, or `websocket_timeout_ms` have passed. Where it is
    /// leaving by itself, the call would close the socket under its hands.
    void give_up() {
        if (!*leaving) mg_close_connection(connection);
    }

private:
    bool frame(std::string_view payload, int opcode) {
        auto const start = std::chrono::steady_clock::now();
        int const written = mg_websocket_write(connection, opcode, payload.data(), payload.size());
        if (payload.empty() ? written > 0 : written == static_cast<int>(payload.size())) return true;
        // CivetWeb waits two seconds at least for a client that takes nothing; whatever fails sooner fails to read, too
        if (std::chrono::steady_clock::now() - start < std::chrono::seconds{1}) *leaving = true;
        return false;
    }
};

/// CivetWeb's WebSockets as the hub sees them.
using transport = pinging_serial_transport<peer>;

/// A WebSocket, and all that is read from it and written to it. Made in the ready handler, destroyed in the close
/// handler, after the hub's session.
///
/// CivetWeb runs all handlers of a WebSocket on one thread, so a `thread_local` variable is the place for it. The
/// connection's user data is not: CivetWeb may forget it before the close handler when a connection is given up.
class connection {
public:
    /// `max_message`: bytes of a message from the client; a longer one closes with 1009.
    explicit connection(mg_connection* c, std::size_t max_message = 1024 * 1024, serial_writer_options options = {})
        : writer_{peer{c, &leaving_}, options}, frames_{writer_, max_message} {}
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() {
        leaving_ = true;
        writer_.reset();
    }

    [[nodiscard]] transport::handle const& handle() const noexcept { return writer_; }

    /// For the data handler: gives each message to `deliver(message)`; returns what the data handler is to return.
    template <class Deliver>
    [[nodiscard]] int receive(int bits, char const* data, std::size_t size, Deliver&& deliver) {
        if (auto const m = frames_.take(static_cast<unsigned>(bits) & 0xFF, {data, size})) deliver(*m);
        return frames_.over() ? 0 : 1;
    }

    /// The code of the client's close frame (1005: a frame without one), 1006 if it left without a word.
    [[nodiscard]] std::uint16_t close_code() const noexcept { return frames_.close_code(); }
    /// The reason in that frame; empty if there is none.
    [[nodiscard]] std::string_view close_reason() const noexcept { return frames_.close_reason(); }

private:
    std::atomic<bool> leaving_ = false;
    transport::handle writer_;
    frame_assembler<peer> frames_;
};

/// What the hub keeps of a client.
[[nodiscard]] inline connection_info info_of(mg_connection const* c) {
    char const* const agent = mg_get_header(c, "User-Agent");
    return {normalise_ip(mg_get_request_info(c)->remote_addr), agent == nullptr ? "" : agent};
}

[[nodiscard]] inline bool says_yes(mg_connection const* c, char const* option) noexcept {
    char const* const value = mg_get_option(mg_get_context(c), option);
    return value != nullptr && equal_ignoring_case(value, "yes");
}

/// The head of a request of CivetWeb's as the router reads it. To be used within the handler that got the request.
class request : public borrowed_request {
public:
    explicit request(mg_connection const* c) : borrowed_request{normalise_ip(mg_get_request_info(c)->remote_addr)} {
        mg_request_info const& r = *mg_get_request_info(c);
        target_ = r.request_uri;
        if (r.query_string != nullptr) target_.append("?").append(r.query_string);
        for (int i = 0; i != r.num_headers; ++i) add(r.http_headers[i].name, r.http_headers[i].value);
        view_.method = r.request_method;
        view_.target = target_;
        view_.form = says_yes(c, "decode_url") ? target_form::decoded : target_form::raw;
        view_.secure = r.is_ssl != 0;
        view_.streams = view_.method != "HEAD";
    }
    [[nodiscard]] bool has(std::string_view name, std::string_view value) const noexcept {
        header_view const* const field = find_header(view_.headers, name);
        return field != nullptr && equal_ignoring_case(field->value, value);
    }

private:
    std::string target_;
};

/// Sends a response of the router's, and what it streams for as long as that comes or until a `stop` is requested: on
/// this thread, which waits for it. A client that has gone misses it.
inline void write(response const& answer, mg_connection* c, bool keep_alive, std::stop_token const& stop = {}) {
    bool const to_head = std::string_view{mg_get_request_info(c)->request_method} == "HEAD";
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    out.append(mg_get_response_code_text(c, answer.status)).append("\r\n").append(answer.headers.text());
    out.append(keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
    if (answer.status != 204 && answer.stream == nullptr)
        out.append("Content-Length: " + std::to_string(answer.body.size()) + "\r\n"); // RFC 9110 8.6
    out.append("\r\n");
    if (!to_head) out.append(answer.body); // RFC 9110 9.3.2
    auto const send = [c](std::string_view text) {
        return mg_write(c, text.data(), text.size()) == static_cast<int>(text.size());
    };
    if (!send(out) || answer.stream == nullptr) return;
    // only a write shows whether the client is there and the server goes on
    (void)write_stream(*answer.stream, -1, std::chrono::seconds{5}, stop, send);
}

/// Lets the router answer a request; the status for `begin_request` or a request handler to return. 0: the request is
/// not the router's, and nothing was read or written.
///
/// An answer that streams keeps its thread. Request the `stop` before `mg_stop`, or that waits for up to five seconds.
template <class Router>
[[nodiscard]] int serve(Router& router, mg_connection* c, std::stop_token const& stop = {}) {
    request const head{c};
    if (!router.owns(head.view().target, head.view().form)) return 0;
    std::size_t const limit = router.max_body(head.view().target, head.view().form);
    long long const announced = mg_get_request_info(c)->content_length; // -1: it comes in chunks
    bool longer = announced > static_cast<long long>(limit);
    bool keep_alive = says_yes(c, "enable_keep_alive") && !head.has("Connection", "close") &&
                      std::string_view{mg_get_request_info(c)->http_version} == "1.1";
    if (head.has("Expect", "100-continue")) {
        if (longer)
            keep_alive = false; // the body may come or not
        else
            (void)mg_printf(c, "%s", "HTTP/1.1 100 Continue\r\n\r\n");
    }
    std::string body;
    if (!longer) {
        std::array<char, 16384> piece;
        int got = 1;
        while (!longer && (got = mg_read(c, piece.data(), std::min(piece.size(), limit + 1 - body.size()))) > 0) {
            body.append(piece.data(), static_cast<std::size_t>(got));
            longer = body.size() > limit;
        }
        if (got < 0 || (announced >= 0 && body.size() != static_cast<std::size_t>(announced))) {
            mg_disable_connection_keep_alive(c); // the client left before the end of its body: nobody is there
            return 400;
        }
    }
    auto const answer = longer ? answer_too_large(router, head.view()) : wait_for_answer(router, head.with(body));
    if (!answer) return 0;
    keep_alive = keep_alive && answer->stream == nullptr; // whose body ends with the connection
    if (!keep_alive) mg_disable_connection_keep_alive(c);
    write(*answer, c, keep_alive, stop);
    return answer->status;
}

}

#endif
