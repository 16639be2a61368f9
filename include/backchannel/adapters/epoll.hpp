// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_EPOLL_HPP
#define BACKCHANNEL_ADAPTERS_EPOLL_HPP

#include <backchannel/adapters/epoll_loop.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>
#include <backchannel/support/partial_request.hpp>
#include <backchannel/support/streamed_answer.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// The management API on the library's own HTTP/1.1 parsers, whatever speaks WebSocket on the loop.
namespace backchannel::inline BACKCHANNEL_ABI::adapters::epoll {

/// The HTTP/1.1 side of a non-blocking socket, until the client asks for a WebSocket.
///
/// A member of the server's own connection. Watch the socket once for `wanted_events` and call `turn` for each event.
/// Requests that are whole in the loop's buffer are answered from there, all that came together by one write; only what
/// is not complete is kept, and a long body that Auth can hash beside others, so a client that is idle costs no buffer.
/// What a client sends or does not fetch is bounded: nothing is read while 64 KiB of answers wait, or one that takes
/// its time. It has no deadlines. Used on the loop's thread only.
class http_client {
public:
    enum class progress : std::uint8_t {
        open,
        upgrade, ///< the client asks for a WebSocket: see `head`, `open` and `refuse`
        over     ///< the server destroys the connection
    };

    /// `resume` is to call `turn` with no events: an answer came late.
    http_client(int socket, workspace& shared, task resume)
        : http_client{socket, shared, std::move(resume), epoll::source_ip(socket)} {}
    /// The same where the client's address is known: it takes no call of the system to ask for it.
    http_client(int socket, workspace& shared, task resume, std::string source_ip)
        : socket_{socket}, source_ip_{std::move(source_ip)}, shared_{shared}, resume_{std::move(resume)},
          self_{std::make_shared<http_client*>(this)} {}
    http_client(http_client const&) = delete;
    http_client& operator=(http_client const&) = delete;

    /// Reads and writes what can be; `own(request_view) -> response` answers what is not the router's, with a body of
    /// up to `own_limit` bytes. `events`: those of `epoll_wait`, else 0. The router outlives this.
    template <class Router, class Own>
    [[nodiscard]] progress turn(std::uint32_t events, Router& router, Own&& own, std::size_t own_limit = 131072) {
        ready_.note(events);
        if (shared_.worker_ != nullptr) { // called back by another connection's turn
            resume_later();
            return progress::open;
        }
        workspace::turn const mine{shared_, this};
        write();
        if (stream_ != nullptr && out_.empty()) stream_->written();
        progress const result = read(router, own, own_limit);
        send_answers();
        return result;
    }

    [[nodiscard]] std::string const& source_ip() const noexcept { return source_ip_; }
    /// The request that came with `upgrade`, until `open` or `accept` or the next turn of a connection of the loop.
    [[nodiscard]] http1::request_head const& head() const noexcept { return shared_.head_; }

    /// Gives what opens the WebSocket, and has nothing more to do. Nothing: the request was not fit for it and is
    /// answered. To be called where `turn` has returned `upgrade`.
    [[nodiscard]] std::optional<opening> open() {
        http1::request_head const& head = shared_.head_;
        auto const wrong = ::backchannel::websocket::check_handshake(head);
        if (wrong != ::backchannel::websocket::handshake_error::none) {
            response refusal{status_of(wrong)};
            refusal.headers.add("Sec-WebSocket-Version", ::backchannel::websocket::supported_version);
            refuse(refusal);
            return std::nullopt;
        }
        auto const key = ::backchannel::websocket::accept_key(head.find("Sec-WebSocket-Key"));
        out_.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: ")
            .append(key.data(), key.size())
            .append("\r\n\r\n");
        upgrading_ = false;
        return opening{std::exchange(out_, {}), std::exchange(in_, {}), ready_};
    }

    /// The same for another implementation of WebSocket: sends the answer and gives what came behind the handshake.
    [[nodiscard]] std::optional<std::string> accept() {
        auto opened = open();
        if (!opened) return std::nullopt;
        out_ = std::move(opened->answer);
        write();
        return std::move(opened->received);
    }

    /// Answers with this instead (401, say), and closes when it is written. To be called where `turn` has returned
    /// `upgrade`.
    void refuse(response const& r) {
        upgrading_ = false;
        keep_alive_ = false;
        in_.clear();
        answer(r);
        write();
        if (ready_.readable()) resume_later(); // there is no other event of it
    }

private:
    static constexpr std::size_t most_waiting = 64 * 1024; // bytes of answers, before no more is read

    /// Takes the router's answer home, on whatever thread it comes.
    struct answer_taker {
        void operator()(response r) {
            if (self.expired()) return; // and perhaps the loop has gone too
            if (shared->home_.is_here() && shared->asked_ == question) return client->answer(r);
            shared->home_.dispatch([self = std::move(self), r = std::move(r)] {
                if (auto const there = self.lock()) (*there)->answer_late(r);
            });
        }

        workspace* shared;
        http_client* client;    // valid while the question may be answered at once
        std::uint64_t question; // unlike any other of the loop
        std::weak_ptr<http_client*> self;
    };

    /// Where what comes next is received: a body where it stays, if it is all that comes.
    [[nodiscard]] std::span<char> room() {
        std::span<char> const body = partial_ != nullptr && in_.empty() ? partial_->room() : std::span<char>{};
        return body.empty() ? shared_.buffer_ : body;
    }

    /// Whether the next request has to wait.
    [[nodiscard]] bool busy() const noexcept { return asked_ || (!out_.empty() && stream_ == nullptr); }

    template <class Router, class Own>
    progress read(Router& router, Own& own, std::size_t own_limit) {
        while (!busy() && (held_back_ || ready_.readable())) {
            std::size_t size = in_.size();
            std::span<char> const room = this->room();
            if (size != 0) std::memcpy(room.data(), in_.data(), size);
            if (!std::exchange(held_back_, false)) {
                ssize_t const n = recv(socket_, room.data() + size, room.size() - size, 0);
                if (n < 0 && errno == EINTR) continue;
                ready_.read(n, room.size() - size);
                if (n < 0) return errno == EAGAIN ? progress::open : progress::over;
                if (n == 0) return all_sent() ? progress::over : progress::open;
                size += static_cast<std::size_t>(n);
            }
            std::string_view rest{room.data(), size};
            while (!busy() && !ending_ && stream_ == nullptr && read_request(rest, router, own, own_limit))
                if (shared_.out_.size() > most_waiting) send_answers();
            keep(rest);
            if (upgrading_) return progress::upgrade;
        }
        return progress::open;
    }

    /// The client sends nothing more, but may wait for answers.
    [[nodiscard]] bool all_sent() {
        ready_.note(EPOLLRDHUP);
        send_answers();
        return !busy();
    }

    /// Keeps what could not be dealt with.
    void keep(std::string_view rest) {
        if (ending_ || stream_ != nullptr) rest = {}; // it was read lest the answer is lost
        if (upgrading_) {
            rest.remove_prefix(shared_.head_.size);
            out_ += std::exchange(shared_.out_, {}); // the answers before it
        }
        held_back_ = !rest.empty() && busy();
        if (!rest.empty())
            in_.assign(rest);
        else if (in_.capacity() != 0)
            std::string{}.swap(in_);
    }

    /// Answers the request at the front of `rest` and takes it off. False: it is not complete, is refused, or asks for
    /// a WebSocket.
    template <class Router, class Own>
    bool read_request(std::string_view& rest, Router& router, Own& own, std::size_t own_limit) {
        if (partial_ != nullptr) return read_body(rest, own);
        if (rest.empty()) return false;
        http1::request_head& head = shared_.head_;
        switch (parser_.parse(rest, head)) {
        case http1::request_parser::status::need_more:
            return false;
        case http1::request_parser::status::failed:
            keep_alive_ = false;
            to_head_ = parser_.is_head();
            answer(response{http1::status_of(parser_.error())});
            return false;
        case http1::request_parser::status::complete:
            break;
        }
        if (head.upgrade && !router.owns(head.target_path)) {
            upgrading_ = true;
            return false;
        }
        keep_alive_ = head.keep_alive;
        minor_version_ = static_cast<std::uint8_t>(head.minor_version > 0);
        to_head_ = head.method == "HEAD";
        request_view request{head.method, head.target_path, head.headers};
        request.source_ip = source_ip_;
        request.secure = false;
        request.streams = !to_head_;
        rest.remove_prefix(head.size);
        std::uint64_t const length = head.content_length.value_or(0);
        bool const whole = !head.chunked && length <= rest.size() && length <= std::min(router.max_body(), own_limit);
        bool const in_place = whole && (length < partial_request::worth_keeping || !Router::hashes_side_by_side);
        bool const managed = !in_place && router.owns(head.target_path);
        if (whole && !managed) {
            request.body = rest.substr(0, static_cast<std::size_t>(length));
            rest.remove_prefix(request.body.size());
            bool const ours = router.async_handle(request, expect_answer());
            shared_.asked_ = 0;
            if (!ours) answer(own(request));
            return true;
        }
        std::size_t const limit = managed ? router.max_body() : own_limit;
        partial_ = std::make_unique<partial_request>(
            request, head, limit,
            managed
                ? arriving_request::begin(router, request, partial_request::expected(head, limit), shared_.lanes_.get())
                : nullptr);
        return read_body(rest, own);
    }

    template <class Own>
    bool read_body(std::string_view& rest, Own& own) {
        auto const state = partial_->read(rest);
        if (state == partial_request::progress::need_more) {
            if (partial_->take_expect_continue()) shared_.out_ += http1::continue_response;
            return false;
        }
        auto const whole = std::exchange(partial_, nullptr);
        if (state == partial_request::progress::failed)
            refuse(*whole);
        else if (whole->managed() != nullptr)
            finish(*whole->managed());
        else
            answer(own(whole->view()));
        return true;
    }

    [[nodiscard]] answer_taker expect_answer() {
        asked_ = true;
        shared_.asked_ = ++shared_.questions_;
        return {&shared_, this, shared_.asked_, self_};
    }

    void finish(arriving_request& request) {
        request.finish(expect_answer());
        shared_.asked_ = 0;
    }

    void refuse(partial_request& request) {
        keep_alive_ = false; // where the next request begins is not known
        arriving_request* const managed = request.managed();
        if (request.error() != http1::parse_error::body_too_large || managed == nullptr)
            return answer(response{http1::status_of(request.error())});
        managed->refuse_as_too_large();
        finish(*managed);
    }

    void answer(response const& r) {
        if (r.status == 0) return answer(response{500}); // nobody has answered
        asked_ = false;
        ending_ = !keep_alive_;
        if (r.stream != nullptr) return begin_stream(r);
        std::string& out = shared_.worker_ == this ? shared_.out_ : out_;
        if (!http1::append_response_head(out, r.status, r.headers, r.body.size(), keep_alive_, minor_version_))
            return answer(response{500}); // the application set a header that is the server's
        if (!to_head_ && r.status != 204 && r.status != 304) out += r.body;
    }

    void answer_late(response const& r) {
        answer(r);
        task const resume = resume_; // which may destroy this
        resume();
    }

    /// When whoever is at work has finished.
    void resume_later() {
        shared_.home_.post([self = std::weak_ptr{self_}] {
            auto const there = self.lock();
            if (there == nullptr) return;
            task const resume = (*there)->resume_;
            resume();
        });
    }

    /// The body ends with the connection. RFC 9112 6.3.
    void begin_stream(response const& r) {
        std::string head;
        if (!http1::append_response_head(head, r.status, r.headers, std::nullopt, false, minor_version_))
            return answer(response{500});
        ending_ = false;
        if (shared_.worker_ == this) out_ += std::exchange(shared_.out_, {}); // the answers before it
        out_ += head;
        stream_ = std::make_shared<feed>(*this, r.stream);
        shared_.home_.keep_alive(stream_);
        stream_->start();
        write();
    }

    /// What is written is in the client's `out_`.
    class feed final : public streamed_answer {
    public:
        feed(http_client& client, std::shared_ptr<body_stream> body)
            : streamed_answer{std::move(body), [&home = client.shared_.home_](task t) { home.post(std::move(t)); }},
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

    /// Sends what the turn has answered; what the socket does not take is kept.
    void send_answers() {
        if (!shared_.out_.empty()) {
            std::string_view rest = shared_.out_;
            if (out_.empty()) rest.remove_prefix(send_some(rest));
            out_ += rest;
            shared_.out_.clear();
        }
        end_sending();
    }

    /// Sends what was kept.
    void write() {
        if (out_.empty()) return;
        out_.erase(0, send_some(out_));
        if (out_.empty()) std::string{}.swap(out_);
        end_sending();
    }

    void end_sending() {
        if (ending_ && out_.empty() && shared_.out_.empty() && !std::exchange(sent_all_, true))
            shutdown(socket_, SHUT_WR);
    }

    /// How much needs not be kept. An error is told when the socket is read.
    [[nodiscard]] std::size_t send_some(std::string_view bytes) {
        std::size_t sent = 0;
        while (sent != bytes.size()) {
            ssize_t const n = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EAGAIN) break;
            if (n < 0) {
                ready_.note(EPOLLERR);
                return bytes.size();
            }
            sent += static_cast<std::size_t>(n);
        }
        return sent;
    }

    int const socket_;
    readiness ready_;
    std::string const source_ip_;
    workspace& shared_;
    task resume_;
    std::shared_ptr<http_client*> self_; // for answers that come when this has gone
    std::string in_, out_;               // what could not be used or sent yet
    http1::request_parser parser_;
    std::unique_ptr<partial_request> partial_;
    std::shared_ptr<feed> stream_; // of the answer that goes on until the connection ends
    std::uint8_t minor_version_ = 1;
    bool keep_alive_ = false, to_head_ = false; // of the request at hand
    bool upgrading_ = false;
    bool asked_ = false;     // the answer is being worked on
    bool held_back_ = false; // what is kept was not looked at
    bool ending_ = false;    // nothing is read behind the answer that waits or was given
    bool sent_all_ = false;  // and its end was told
};

}

#endif
