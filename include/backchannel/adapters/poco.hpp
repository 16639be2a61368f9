// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_POCO_HPP
#define BACKCHANNEL_ADAPTERS_POCO_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/support/blocking_stream.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/frame_assembler.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/serial_writer.hpp>
#include <backchannel/support/wait_for_answer.hpp>

#include <Poco/Buffer.h>
#include <Poco/Exception.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>
#include <Poco/Timespan.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

/// For servers on POCO's HTTPServer, 1.11 or newer, on POSIX: a thread for each connection, sends that block.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::poco {

namespace net = Poco::Net;

/// A WebSocket as a `serial_writer` writes to it.
struct peer {
    net::WebSocket* socket;

    bool ready() {
        bool takes_bytes = true; // a socket that cannot be asked fails when it is written to
        (void)guarded([&] { takes_bytes = socket->poll(Poco::Timespan{}, net::Socket::SELECT_WRITE); });
        return takes_bytes;
    }
    bool write(message const& m) {
        return frame(m.data(),
                     m.kind() == message_kind::text ? net::WebSocket::FRAME_OP_TEXT : net::WebSocket::FRAME_OP_BINARY);
    }
    bool write_close(std::uint16_t code, std::string_view reason) {
        return frame(close_payload{code, reason}.view(), net::WebSocket::FRAME_OP_CLOSE);
    }
    bool write_ping(std::string_view payload) { return frame(payload.substr(0, 125), net::WebSocket::FRAME_OP_PING); }
    bool write_pong(std::string_view payload) { return frame(payload, net::WebSocket::FRAME_OP_PONG); }
    void give_up() {
        int const both_ways = 2; // not through POCO, which would send a TLS alert first
        ::shutdown(socket->impl()->sockfd(), both_ways);
    }

private:
    bool frame(std::string_view payload, int opcode) {
        int const size = static_cast<int>(payload.size());
        return socket->sendFrame(payload.data(), size, net::WebSocket::FRAME_FLAG_FIN | opcode) == size;
    }
};

/// POCO's WebSockets as the hub sees them.
using transport = pinging_serial_transport<peer>;

struct connection_options {
    int max_message = 1024 * 1024;     ///< bytes of a message from the client; a longer one closes with 1009
    Poco::Timespan send_timeout{5, 0}; ///< a client that takes nothing for this long while it is written to has gone
    serial_writer_options waiting_messages{};
};

/// A WebSocket, and all that is read from it and written to it.
///
/// A local variable of the request handler, made before the hub's session so that it goes after it. `receive` is for
/// the handler's thread, `handle` for all. Nothing else may read from the socket or write to it.
class connection {
public:
    /// The handshake. Throws Poco::Net::WebSocketException if the request is none for a WebSocket.
    connection(net::HTTPServerRequest& request, net::HTTPServerResponse& response,
               connection_options const& options = {})
        : socket_{request, response}, writer_{peer{&socket_}, options.waiting_messages},
          frames_{writer_, static_cast<std::size_t>(options.max_message)} {
        socket_.setReceiveTimeout({}); // the hub's deadlines end idle connections
        socket_.setSendTimeout(options.send_timeout);
        socket_.setMaxPayloadSize(options.max_message);
    }
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() {
        writer_.reset();
        (void)guarded([&] { socket_.close(); }); // else by the thread that accepts, if it is late to drop its reference
    }

    [[nodiscard]] transport::handle const& handle() const noexcept { return writer_; }

    /// The next message, valid until the next call; waits for it, and answers pings meanwhile. Nothing: it is over.
    [[nodiscard]] std::optional<message> receive() {
        try {
            while (!frames_.over()) {
                int flags = 0;
                buffer_.resize(0, false);
                if (socket_.receiveFrame(buffer_, flags) < 0 || flags == 0) return frames_.fail(1006);
                auto const m = frames_.take(static_cast<unsigned>(flags), {buffer_.begin(), buffer_.size()});
                if (m) return m;
            }
        } catch (net::WebSocketException const& error) {
            frames_.fail(error.code() == net::WebSocket::WS_ERR_PAYLOAD_TOO_BIG ? 1009 : 1006);
        } catch (Poco::Exception const&) {
            frames_.fail(1006);
        }
        return std::nullopt;
    }

    /// The code of the client's close frame (1005: a frame without one), 1006 if it left without a word.
    [[nodiscard]] std::uint16_t close_code() const noexcept { return frames_.close_code(); }
    /// The reason in that frame; empty if there is none.
    [[nodiscard]] std::string_view close_reason() const noexcept { return frames_.close_reason(); }

private:
    net::WebSocket socket_;
    transport::handle writer_;
    frame_assembler<peer> frames_;
    Poco::Buffer<char> buffer_{0};
};

/// What the hub keeps of a client.
[[nodiscard]] inline connection_info info_of(net::HTTPServerRequest const& r) {
    return {normalise_ip(r.clientAddress().host().toString()), r.get("User-Agent", "")};
}

/// The head of a request of POCO's as the router reads it. The request must stay until the router has answered.
class request : public borrowed_request {
public:
    explicit request(net::HTTPServerRequest const& r)
        : borrowed_request{normalise_ip(r.clientAddress().host().toString())} {
        add_all(r);
        view_.method = r.getMethod();
        view_.target = r.getURI();
        view_.secure = r.secure();
        view_.streams = view_.method != "HEAD";
    }
};

/// Reads a body that has at most `limit` bytes. False: it is longer, or the client left before its end.
[[nodiscard]] inline bool read_body(net::HTTPServerRequest& r, std::size_t limit, std::string& body) {
    if (!r.getChunkedTransferEncoding() && !r.hasContentLength()) return true; // POCO would read to the end of time
    std::array<char, 16384> piece;
    while (r.stream().good() && body.size() <= limit) {
        r.stream().read(piece.data(), static_cast<std::streamsize>(std::min(piece.size(), limit + 1 - body.size())));
        body.append(piece.data(), static_cast<std::size_t>(r.stream().gcount()));
    }
    return body.size() <= limit && (!r.hasContentLength() || std::cmp_equal(r.getContentLength64(), body.size()));
}

/// Sends what comes, for as long as it comes: on this thread, which waits for it. It ends with the connection.
inline void write_body(body_stream& stream, net::HTTPServerRequest& r, std::ostream& out) {
    auto& socket = dynamic_cast<net::HTTPServerRequestImpl&>(r).socket();
    (void)write_stream(stream, socket.impl()->sockfd(), body_stream::quiet, {}, [&](std::string_view text) {
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        return out.flush().good();
    });
}

/// Sends a response of the router's. A client that has gone misses it.
inline void write(response const& answer, net::HTTPServerRequest& r, net::HTTPServerResponse& out) {
    out.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(answer.status));
    answer.headers.for_each([&](header_view field) { out.erase(std::string{field.name}); }); // such as POCO's own Date
    answer.headers.for_each([&](header_view field) { out.add(std::string{field.name}, std::string{field.value}); });
    try {
        if (answer.stream != nullptr) {
            out.setKeepAlive(false); // the body ends with the connection
            write_body(*answer.stream, r, out.send().flush());
        } else if (answer.status == 204)
            out.send();
        else
            out.sendBuffer(answer.body.data(), answer.body.size());
    } catch (Poco::Exception const&) {
        out.setKeepAlive(false);
    }
}

/// Lets the router answer a request. False: the request is not the router's, and nothing was read or written.
template <class Router>
bool serve(Router& router, net::HTTPServerRequest& r, net::HTTPServerResponse& out) {
    request const head{r};
    if (!router.owns(head.view().target)) return false;
    std::size_t const limit = router.max_body(head.view().target);
    std::string body;
    if (read_body(r, limit, body)) {
        if (auto const answer = wait_for_answer(router, head.with(body))) write(*answer, r, out);
    } else {
        out.setKeepAlive(false);
        bool const longer = body.size() > limit;
        if (!longer) return true;                                   // nobody is there to be answered
        r.stream().ignore(static_cast<std::streamsize>(limit) * 8); // else the client is cut off while it sends
        if (auto const answer = answer_too_large(router, head.view())) write(*answer, r, out);
    }
    return true;
}

}

#endif
