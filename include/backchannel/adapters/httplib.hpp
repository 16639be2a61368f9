// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_HTTPLIB_HPP
#define BACKCHANNEL_ADAPTERS_HTTPLIB_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/support/blocking_stream.hpp>
#include <backchannel/support/borrowed_request.hpp>
#include <backchannel/support/close_payload.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/serial_writer.hpp>
#include <backchannel/support/wait_for_answer.hpp>

#include <httplib.h>

#if !defined(CPPHTTPLIB_WEBSOCKET_READ_TIMEOUT_SECOND)
#error "backchannel/adapters/httplib.hpp needs cpp-httplib 0.33 or newer, which has WebSockets; this httplib.h is older"
#endif

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// For servers on cpp-httplib 0.33 or newer, on POSIX and without TLS: a thread for each connection, sends that block.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::httplib {

/// A connection's bytes, for cpp-httplib to read and write.
///
/// Its own streams are not for several threads: `WebSocket::close` reads the client's answer where it is called, while
/// the connection's own thread reads. From this one, only its own thread reads. A write is complete, or the connection
/// is cut off.
class stream final : public ::httplib::Stream {
public:
    using duration_type = std::chrono::microseconds;

    /// To be used by this thread, which serves the connection, until it is destroyed.
    stream(socket_t socket, duration_type read_timeout, duration_type write_timeout)
        : socket_{socket}, read_timeout_{read_timeout}, write_timeout_{write_timeout} {
        here = this;
    }
    stream(stream const&) = delete;
    stream& operator=(stream const&) = delete;
    ~stream() override { here = nullptr; }

    /// That of the connection which this thread serves; null on any other thread.
    [[nodiscard]] static stream* current() noexcept { return here; }

    /// Whether something happens within that time.
    [[nodiscard]] bool wait(short events, duration_type time) const noexcept {
        pollfd entry{socket_, events, 0};
        auto const milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time).count();
        int const bounded = static_cast<int>(std::min<std::int64_t>(milliseconds, 1 << 30));
        int ready = 0;
        while ((ready = ::poll(&entry, 1, bounded)) < 0 && errno == EINTR) {
        }
        return ready > 0;
    }
    /// Ends it for both sides: who reads or writes returns. From any thread.
    void cut_off() const noexcept { ::shutdown(socket_, SHUT_RDWR); }

    bool is_readable() const override { return !unread_.empty(); }
    bool wait_readable() const override { return is_readable() || wait(POLLIN, read_timeout_); }
    bool wait_writable() const override { return wait(POLLOUT, write_timeout_); }

    ssize_t read(char* to, std::size_t size) override {
        if (!is_own_thread()) return -1;
        std::size_t const whole = size <= 8 ? size : 1; // the head of a frame: cpp-httplib takes less of it for the end
        std::size_t done = 0;
        while (done < whole) {
            if (unread_.empty()) {
                ssize_t const n = wait_readable() ? ::recv(socket_, buffer_.data(), buffer_.size(), 0) : -1;
                if (n <= 0) {
                    error_ = n == 0 ? ::httplib::Error::ConnectionClosed : ::httplib::Error::Read;
                    return done == 0 ? n : static_cast<ssize_t>(done);
                }
                unread_ = {buffer_.data(), static_cast<std::size_t>(n)};
            }
            std::size_t const n = unread_.copy(to + done, size - done);
            unread_.remove_prefix(n);
            done += n;
        }
        return static_cast<ssize_t>(done);
    }
    ssize_t write(char const* from, std::size_t size) override {
        for (std::size_t done = 0; done != size;) {
            ssize_t const n = wait_writable() ? ::send(socket_, from + done, size - done, MSG_DONTWAIT) : 0;
            if (n > 0)
                done += static_cast<std::size_t>(n);
            else if (n == 0 || (errno != EAGAIN && errno != EINTR))
                return cut_off(), -1;
        }
        return static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override { name(::getpeername, ip, port); }
    void get_local_ip_and_port(std::string& ip, int& port) const override { name(::getsockname, ip, port); }
    socket_t socket() const override { return socket_; }
    time_t duration() const override { return 0; } // for clients
    void set_read_timeout(time_t seconds, time_t microseconds) override {
        if (is_own_thread()) read_timeout_ = std::chrono::seconds{seconds} + duration_type{microseconds};
    }

private:
    [[nodiscard]] bool is_own_thread() const noexcept { return here == this; }

    template <class Get>
    void name(Get get, std::string& ip, int& port) const {
        sockaddr_storage address{};
        socklen_t size = sizeof(address);
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        std::array<char, 64> host, service;
        if (get(socket_, generic, &size) != 0 || ::getnameinfo(generic, size, host.data(), host.size(), service.data(),
                                                               service.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
            return;
        ip = host.data();
        port = std::atoi(service.data());
    }

    static inline thread_local stream* here = nullptr;

    socket_t const socket_;
    duration_type read_timeout_;
    duration_type const write_timeout_;
    std::array<char, 16384> buffer_;
    std::string_view unread_;
};

/// cpp-httplib's server, whose connections have streams that a `connection` can use, and end when it stops.
class server : public ::httplib::Server {
public:
    /// Stops and cuts off every connection: `listen` returns when their handlers have. From any thread.
    void stop() {
        ::httplib::Server::stop();
        std::lock_guard const lock{mutex_};
        for (stream const* const s : streams_) s->cut_off();
    }

private:
    using clock = std::chrono::steady_clock;

    // what each thread of the pool does with a connection
    bool process_and_close_socket(socket_t socket) override {
        bool good = true;
        {
            stream s{socket, std::chrono::seconds{read_timeout_sec_} + std::chrono::microseconds{read_timeout_usec_},
                     std::chrono::seconds{write_timeout_sec_} + std::chrono::microseconds{write_timeout_usec_}};
            enter(s);
            std::string remote, local;
            int remote_port = 0, local_port = 0;
            s.get_remote_ip_and_port(remote, remote_port);
            s.get_local_ip_and_port(local, local_port);
            bool closed = false;
            for (auto left = keep_alive_max_count_; left != 0 && good && !closed; --left) {
                s.set_read_timeout(read_timeout_sec_, read_timeout_usec_);
                if (!s.is_readable() && !s.wait(POLLIN, std::chrono::seconds{keep_alive_timeout_sec_})) break;
                good = process_request(s, remote, remote_port, local, local_port, left == 1, closed, nullptr);
            }
            drain(s);
            leave(s);
        }
        ::close(socket);
        return good;
    }

    void enter(stream& s) {
        std::lock_guard const lock{mutex_};
        streams_.insert(&s);
        if (svr_sock_ == INVALID_SOCKET) s.cut_off(); // it was accepted while `stop` was called
    }
    void leave(stream& s) {
        std::lock_guard const lock{mutex_};
        streams_.erase(&s);
    }

    // a close with something unread would take the answer away from its client
    static void drain(stream& s) {
        ::shutdown(s.socket(), SHUT_WR);
        auto const end = clock::now() + std::chrono::milliseconds{100};
        std::array<char, 4096> bin;
        s.set_read_timeout(0, 100'000);
        while (clock::now() < end && s.read(bin.data(), bin.size()) > 0) {
        }
    }

    std::mutex mutex_;
    std::set<stream const*> streams_;
};

/// A WebSocket as a `serial_writer` writes to it.
struct peer {
    ::httplib::ws::WebSocket* websocket;
    stream* below;

    bool ready() noexcept { return below->wait(POLLOUT, {}); }
    bool write(message const& m) {
        if (m.kind() == message_kind::text) return websocket->send(std::string{m.data()});
        return websocket->send(m.data().data(), m.data().size());
    }
    bool write_close(std::uint16_t code, std::string_view reason) {
        close_payload const payload{code, reason}; // cuts a long reason off between characters
        websocket->close(static_cast<::httplib::ws::CloseStatus>(code), std::string{payload.view().substr(2)});
        return true;
    }
    void give_up() noexcept { below->cut_off(); }
};

/// cpp-httplib's WebSockets as the hub sees them. It pings by itself, see `set_websocket_ping_interval`.
using transport = serial_transport<peer>;

/// A WebSocket, and all that is read from it and written to it.
///
/// A local variable of the WebSocket handler of a `server`, made before the hub's session so that it goes after it.
/// `receive` is for the handler's thread, `handle` for all.
class connection {
public:
    explicit connection(::httplib::ws::WebSocket& w, serial_writer_options options = {})
        : websocket_{w}, writer_{peer{&w, stream_of_this_thread()}, options} {}
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() { writer_.reset(); }

    [[nodiscard]] transport::handle const& handle() const noexcept { return writer_; }

    /// The next message, valid until the next call; waits for it. Nothing: it is over.
    [[nodiscard]] std::optional<message> receive() {
        auto const result = websocket_.read(text_);
        if (result == ::httplib::ws::Fail) return std::nullopt;
        return message{text_, result == ::httplib::ws::Text ? message_kind::text : message_kind::binary};
    }

private:
    static stream* stream_of_this_thread() {
        if (auto* const s = stream::current()) return s;
        throw std::logic_error{"a connection outside of a WebSocket handler of adapters::httplib::server"};
    }

    ::httplib::ws::WebSocket& websocket_;
    transport::handle writer_;
    std::string text_;
};

/// What the hub keeps of a client.
[[nodiscard]] inline connection_info info_of(::httplib::Request const& r) {
    return {normalise_ip(r.remote_addr), r.get_header_value("User-Agent")};
}

/// A request of cpp-httplib's as the router reads it. It must stay until the router has answered.
class request : public borrowed_request {
public:
    explicit request(::httplib::Request const& r) : borrowed_request{normalise_ip(r.remote_addr)} {
        add_all(r.headers);
        view_.method = r.method;
        view_.target = r.target;
        view_.body = r.body;
        view_.secure = came_over_tls(r);
        view_.streams =
            r.version == "HTTP/1.1" && r.method != "HEAD" && stream::current() != nullptr; // it comes in chunks
    }

private:
    template <class Request>
    [[nodiscard]] static bool came_over_tls(Request const& r) noexcept {
        if constexpr (requires { r.ssl; }) // only if it was compiled with TLS
            return r.ssl != nullptr;
        else
            return false;
    }
};

/// Makes a response of the router's that of cpp-httplib. What it streams keeps this thread until that, the client or
/// the server ends.
inline void write(response answer, ::httplib::Response& out) {
    out.status = answer.status;
    answer.headers.for_each(
        [&](header_view field) { out.set_header(std::string{field.name}, std::string{field.value}); });
    out.body = std::move(answer.body);
    if (answer.stream == nullptr) return;
    std::string const type{answer.headers.find("Content-Type").value_or("application/octet-stream")};
    out.headers.erase("Content-Type"); // which the next call adds
    out.set_chunked_content_provider(type, [body = std::move(answer.stream)](std::size_t, ::httplib::DataSink& sink) {
        auto const* const below = stream::current();
        bool const whole = write_stream(*body, below->socket(), body_stream::quiet, {},
                                        [&](std::string_view text) { return sink.write(text.data(), text.size()); });
        if (whole) sink.done();
        return whole;
    });
}

/// A post-routing handler: cpp-httplib gives a 204 a Content-Length, which it must not have (RFC 9110 8.6).
inline void without_length(::httplib::Request const&, ::httplib::Response& r) {
    if (r.status == 204) r.headers.erase("Content-Length");
}

/// Lets the router answer a request, for a plain handler. False: the request is not the router's.
template <class Router>
bool serve(Router& router, ::httplib::Request const& r, ::httplib::Response& out) {
    auto answer = wait_for_answer(router, request{r}.view());
    if (answer) write(std::move(*answer), out);
    return answer.has_value();
}

/// The same for a handler that reads the body, which is what a POST needs: a plain one has limits of its own.
template <class Router>
bool serve(Router& router, ::httplib::Request const& r, ::httplib::Response& out,
           ::httplib::ContentReader const& read) {
    request const head{r};
    if (!router.owns(head.view().target)) return false;
    std::size_t const limit = router.max_body(head.view().target);
    std::string body;
    bool longer = false;
    bool const complete = read([&](char const* data, std::size_t size) {
        longer = size > limit - body.size();
        if (!longer) body.append(data, size);
        return !longer;
    });
    std::optional<response> answer;
    if (longer)
        answer = answer_too_large(router, head.view());
    else if (complete)
        answer = wait_for_answer(router, head.with(body));
    if (answer)
        write(std::move(*answer), out);
    else
        out.status = 400; // the client left before the end of its body: nobody will read this
    return true;
}

}

#endif
