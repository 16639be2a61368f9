// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_EPOLL_HPP
#define BACKCHANNEL_ADAPTERS_EPOLL_HPP

#include <backchannel/concepts.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>
#include <backchannel/support/ip_text.hpp>
#include <backchannel/support/owned_request.hpp>
#include <backchannel/support/streamed_answer.hpp>
#include <backchannel/support/task_inbox.hpp>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// For home-made loops on Linux (epoll), whatever speaks WebSocket on them: a door into the loop for other threads, and
/// the management API on the library's own HTTP/1.1 parsers.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::epoll {

/// Owns a file descriptor; may be -1, for none.
class descriptor {
public:
    explicit descriptor(int value) noexcept : value_{value} {}
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    ~descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    operator int() const noexcept { return value_; } // implicit: it is what every call of the system takes

private:
    int const value_;
};

/// The address of a socket's peer; empty if it is not known.
[[nodiscard]] inline std::string source_ip(int socket) {
    union {
        sockaddr_storage any;
        sockaddr_in v4;
        sockaddr_in6 v6;
    } peer{};
    socklen_t size = sizeof peer;
    std::array<std::uint8_t, 16> bytes{};
    if (getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
    if (peer.any.ss_family == AF_INET6) {
        std::memcpy(bytes.data(), &peer.v6.sin6_addr, 16);
    } else if (peer.any.ss_family == AF_INET) {
        bytes[10] = bytes[11] = 0xFF;
        std::memcpy(bytes.data() + 12, &peer.v4.sin_addr, 4);
    } else {
        return {};
    }
    return ip_address{bytes}.to_string();
}

/// Tasks that other threads leave for a loop, and the descriptor that wakes it.
///
/// With several loops, end all of their threads first, then destroy the queues.
class task_queue : public task_inbox {
public:
    /// Throws std::system_error.
    task_queue() {
        for (int const fd : {int{wake_}, int{timer_}}) {
            epoll_event wanted{.events = EPOLLIN, .data = {.fd = fd}};
            if (epoll_ctl(both_, EPOLL_CTL_ADD, fd, &wanted) != 0)
                throw std::system_error{errno, std::generic_category(), "task_queue"};
        }
        wake_by([this] { eventfd_write(wake_, 1); });
    }
    ~task_queue() { end(); } // what it destroys may post: while there is a descriptor still

    /// To be watched for EPOLLIN, level-triggered; `run` is the answer to it.
    [[nodiscard]] int descriptor() const noexcept { return both_; }

    /// Runs what was posted until now.
    void run() {
        eventfd_t count = 0;
        eventfd_read(wake_, &count);
        task_inbox::run();
        std::uint64_t periods = 0;
        if (read(timer_, &periods, sizeof periods) > 0) tick();
    }

    /// Ticks an answer for as long as it exists.
    void keep_alive(std::shared_ptr<streamed_answer> const& answer) {
        if (streams_.empty()) set_timer(std::chrono::seconds{1});
        streams_.push_back(answer);
    }

private:
    void tick() {
        std::erase_if(streams_, [](auto const& weak) { return weak.expired(); });
        if (streams_.empty()) set_timer({});
        auto const now = std::chrono::steady_clock::now();
        for (auto const& weak : std::vector{streams_}) // a tick may lead to more of them
            if (auto const answer = weak.lock()) answer->tick(now);
    }

    void set_timer(std::chrono::seconds period) noexcept {
        itimerspec const every{{period.count(), 0}, {period.count(), 0}};
        timerfd_settime(timer_, 0, &every, nullptr);
    }

    epoll::descriptor const wake_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    epoll::descriptor const timer_{timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
    epoll::descriptor const both_{epoll_create1(EPOLL_CLOEXEC)};
    std::vector<std::weak_ptr<streamed_answer>> streams_;
};

/// How long epoll_wait may wait, in milliseconds: `timeout(hub.next_deadline())`.
[[nodiscard]] inline int timeout(std::optional<time_point> deadline) noexcept {
    if (!deadline) return -1;
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, INT_MAX));
}

/// The HTTP/1.1 side of a non-blocking socket, until the client asks for a WebSocket.
///
/// A member of the server's own connection. Watch the socket once for `EPOLLIN | EPOLLOUT | EPOLLET` and call `turn`
/// for each event. Reads one request at a time, so what a client sends or does not fetch is bounded; it has no
/// deadlines. Used on the loop's thread only.
class http_client {
public:
    enum class progress : std::uint8_t {
        open,
        upgrade, ///< the client asks for a WebSocket: see `head` and `accept`
        over     ///< the server destroys the connection
    };

    /// `resume` is to call `turn` as if the socket had an event: an answer came late.
    http_client(int socket, task_queue& home, task resume)
        : socket_{socket}, source_ip_{epoll::source_ip(socket)}, home_{home}, resume_{std::move(resume)},
          self_{std::make_shared<http_client*>(this)} {}
    http_client(http_client const&) = delete;
    http_client& operator=(http_client const&) = delete;

    /// Reads and writes what can be; `own(request_view) -> response` answers what is not the router's, with a body of
    /// up to `own_limit` bytes.
    template <class Router, class Own>
    [[nodiscard]] progress turn(Router& router, Own&& own, std::size_t own_limit = 131072) {
        write();
        if (stream_ != nullptr && out_.empty()) stream_->written();
        for (char bytes[16384];;) {
            while (!asked_ && !ending_ && stream_ == nullptr && out_.empty() && !in_.empty()) {
                if (!request_ && !read_head(router, own_limit)) {
                    if (upgrading_) return progress::upgrade;
                    break;
                }
                if (request_ && read_body())
                    answer_request(router, own);
                else if (request_)
                    break;
            }
            if (asked_ || (!out_.empty() && stream_ == nullptr)) return progress::open; // the next request waits
            ssize_t const n = recv(socket_, bytes, sizeof bytes, 0);
            if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR) ? progress::open : progress::over;
            if (stream_ == nullptr && !ending_)
                in_.append(bytes, static_cast<std::size_t>(n)); // else it is read lest the answer is lost
        }
    }

    [[nodiscard]] std::string const& source_ip() const noexcept { return source_ip_; }
    /// The request that came with `upgrade`, until `accept`.
    [[nodiscard]] http1::request_head const& head() const noexcept { return head_; }

    /// Opens the WebSocket: what came behind the handshake. Nothing: the request was not fit for it and is answered.
    [[nodiscard]] std::optional<std::string> accept() {
        upgrading_ = false;
        auto const wrong = ::backchannel::websocket::check_handshake(head_);
        if (wrong != ::backchannel::websocket::handshake_error::none) {
            head_.keep_alive = false;
            response refusal{status_of(wrong)};
            refusal.headers.add("Sec-WebSocket-Version", ::backchannel::websocket::supported_version);
            answer(refusal);
            return std::nullopt;
        }
        auto const key = ::backchannel::websocket::accept_key(head_.find("Sec-WebSocket-Key"));
        out_.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: ")
            .append(key.data(), key.size())
            .append("\r\n\r\n");
        write();
        in_.erase(0, head_.size);
        return std::exchange(in_, {});
    }

private:
    /// False: the head is not complete, is refused, or asks for a WebSocket.
    template <class Router>
    bool read_head(Router const& router, std::size_t own_limit) {
        switch (parser_.parse(in_, head_)) {
        case http1::request_parser::status::need_more:
            return false;
        case http1::request_parser::status::failed:
            answer(response{http1::status_of(parser_.error())}); // there is no keep_alive in the head
            return false;
        case http1::request_parser::status::complete:
            break;
        }
        bool const managed = router.owns(head_.target_path);
        upgrading_ = head_.upgrade && !managed;
        if (upgrading_) return false;
        request_view head{head_.method, head_.target_path, head_.headers};
        head.source_ip = source_ip_;
        head.streams = head.method != "HEAD";
        request_.emplace(head);
        body_.emplace(head_, managed ? router.max_body(head_.target_path) : own_limit);
        in_.erase(0, head_.size);
        head_.headers.clear(); // their bytes have gone
        return true;
    }

    /// False: the body is not complete. What is wrong with it is in `error_`.
    bool read_body() {
        http1::body_reader::step step;
        for (std::string_view rest{in_}; !step.done;) {
            step = body_->next(rest);
            request_->body.append(step.data);
            rest.remove_prefix(step.consumed);
            error_ = step.error;
            if (step.done || error_ != http1::parse_error::none || step.consumed == 0) {
                in_.erase(0, in_.size() - rest.size());
                break;
            }
        }
        if (error_ != http1::parse_error::none) return true;
        if (!step.done && std::exchange(head_.expect_continue, false) && head_.minor_version > 0) {
            out_ += http1::continue_response;
            write();
        }
        return step.done;
    }

    template <class Router, class Own>
    void answer_request(Router& router, Own&& own) {
        asked_ = inside_ = true;
        request_view const request = request_->view();
        auto done = home_.bring_home(self_, &http_client::answer);
        if (error_ != http1::parse_error::none) {
            head_.keep_alive = false; // where the next request begins is not known
            auto incoming = error_ == http1::parse_error::body_too_large ? router.begin(request) : router.begin({});
            if (incoming) {
                incoming.refuse_as_too_large();
                incoming.finish(std::move(done));
            } else {
                answer(response{http1::status_of(error_)});
            }
        } else if (!router.async_handle(request, std::move(done))) {
            answer(own(request));
        }
        inside_ = false;
    }

    void answer(response const& r) {
        asked_ = false;
        ending_ = !head_.keep_alive;
        bool const to_head = request_ && request_->view().method == "HEAD";
        if (r.stream != nullptr) return begin_stream(r);
        if (!http1::append_response_head(out_, r.status, r.headers, r.body.size(), !ending_, head_.minor_version))
            return answer(response{500}); // the application set a header that is the server's
        if (!to_head && r.status != 204 && r.status != 304) out_ += r.body;
        request_.reset();
        write();
        if (!inside_) resume_();
    }

    /// The body ends with the connection. RFC 9112 6.3.
    void begin_stream(response const& r) {
        if (!http1::append_response_head(out_, r.status, r.headers, std::nullopt, false, head_.minor_version))
            return answer(response{500});
        ending_ = false;
        request_.reset();
        stream_ = std::make_shared<feed>(*this, r.stream);
        home_.keep_alive(stream_);
        stream_->start();
        write();
        if (!inside_) resume_();
    }

    /// What is written is in the client's `out_`.
    class feed final : public streamed_answer {
    public:
        feed(http_client& client, std::shared_ptr<body_stream> body)
            : streamed_answer{std::move(body), [&home = client.home_](task t) { home.post(std::move(t)); }},
              client_{client} {}

    private:
        bool write(std::string text) override {
            client_.out_ += text;
            client_.write();
            return client_.out_.empty();
        }
        void end(bool whole) override {
            if (whole && client_.out_.empty())
                shutdown(client_.socket_, SHUT_WR);
            else
                shutdown(client_.socket_, SHUT_RDWR); // of which the loop hears
        }

        http_client& client_; // keeps this
    };

    void write() {
        while (!out_.empty()) {
            ssize_t const n = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
            if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (n < 0) return out_.clear(); // the error shows when the socket is read, which waits for an empty `out_`
            out_.erase(0, static_cast<std::size_t>(n));
        }
        if (ending_) shutdown(socket_, SHUT_WR);
    }

    int const socket_;
    std::string const source_ip_;
    task_queue& home_;
    task resume_;
    std::shared_ptr<http_client*> self_; // for answers that come when this has gone
    std::string in_, out_;
    http1::request_parser parser_;
    http1::request_head head_;
    std::optional<owned_request> request_;
    std::optional<http1::body_reader> body_;
    std::shared_ptr<feed> stream_; // of the answer that goes on until the connection ends
    http1::parse_error error_ = http1::parse_error::none;
    bool upgrading_ = false;
    bool asked_ = false;  // the answer is being worked on
    bool inside_ = false; // `turn` is at work
    bool ending_ = false; // nothing is read behind the answer that waits or was given
};

}

#endif
