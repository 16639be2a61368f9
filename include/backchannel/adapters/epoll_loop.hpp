// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_EPOLL_LOOP_HPP
#define BACKCHANNEL_ADAPTERS_EPOLL_LOOP_HPP

#include <backchannel/config.hpp>
#include <backchannel/crypto/sha256_lanes.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/support/ip_text.hpp>
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
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// For home-made loops on Linux (epoll): a door into the loop for other threads, and what its connections share.
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

/// The address that `accept4` has given, or `getpeername`; empty if it is none of IP.
[[nodiscard]] inline std::string source_ip(sockaddr_storage const& peer) {
    std::array<std::uint8_t, 16> bytes{};
    auto const* const begin = reinterpret_cast<char const*>(&peer);
    if (peer.ss_family == AF_INET6) {
        std::memcpy(bytes.data(), begin + offsetof(sockaddr_in6, sin6_addr), 16);
    } else if (peer.ss_family == AF_INET) {
        bytes[10] = bytes[11] = 0xFF;
        std::memcpy(bytes.data() + 12, begin + offsetof(sockaddr_in, sin_addr), 4);
    } else {
        return {};
    }
    return ip_address{bytes}.to_string();
}

/// The address of a socket's peer; empty if it is not known.
[[nodiscard]] inline std::string source_ip(int socket) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
    return source_ip(peer);
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

/// What the connections of a loop share while one of them is at work: the memory for what is received and answered.
///
/// One for each loop; used on its thread only, but must outlive the answers of other threads, as the queue must.
class workspace {
public:
    /// The least size of the buffer: the longest head of a request, and as much again.
    static constexpr std::size_t least = 32768;

    /// `buffer` is for what is received; a turn of a connection reads as much at once. Throws std::system_error if it
    /// is smaller than `least`.
    workspace(task_queue& home, std::span<char> buffer) : home_{home}, buffer_{buffer} {
        if (buffer.size() < least) throw std::system_error{make_error_code(std::errc::no_buffer_space), "workspace"};
    }
    workspace(workspace const&) = delete;
    workspace& operator=(workspace const&) = delete;

    [[nodiscard]] task_queue& home() const noexcept { return home_; }

private:
    friend class http_client;
    friend class websocket;

    /// Whoever is at work has the buffer. Nobody else begins meanwhile.
    class turn {
    public:
        turn(workspace& shared, void const* worker) noexcept : shared_{shared} { shared_.worker_ = worker; }
        turn(turn const&) = delete;
        turn& operator=(turn const&) = delete;
        ~turn() {
            shared_.worker_ = nullptr;
            shared_.asked_ = 0;
            shared_.out_.clear();
            if (shared_.out_.capacity() > most_kept) std::string{}.swap(shared_.out_);
        }

    private:
        workspace& shared_;
    };

    /// When the turn of the loop ends. If the loop has ended, then when its queue does: the router is there still.
    void settle_later() {
        home_.post([end = std::shared_ptr<void>{nullptr, [lanes = lanes_](void*) { lanes->settle(); }}] {});
    }

    static constexpr std::size_t most_kept = 256 * 1024;

    task_queue& home_;
    std::span<char> const buffer_;
    http1::request_head head_;
    std::string out_;                                    // answers of the turn
    void const* worker_ = nullptr;                       // whose turn it is
    std::uint64_t asked_ = 0;                            // the question that may be answered at once; 0: none
    std::uint64_t questions_ = 0;                        // so far
    std::shared_ptr<crypto::sha256_lanes> const lanes_ = // of long bodies
        std::make_shared<crypto::sha256_lanes>([this] { settle_later(); });
};

/// What `epoll_wait` has told of a socket that is watched edge-triggered, as far as nobody has acted on it yet.
class readiness {
public:
    void note(std::uint32_t events) noexcept {
        if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ended_ = true;
        if ((events & EPOLLIN) != 0 || ended_) readable_ = true;
    }

    /// Whether something may be read.
    [[nodiscard]] bool readable() const noexcept { return readable_; }

    /// A read for `wanted` bytes gave `n`. One that gave less was the last, as another event follows what comes then
    /// (epoll(7)); but not if the end has been seen coming, of which there is no other event.
    void read(ssize_t n, std::size_t wanted) noexcept {
        if (n < 0 || (static_cast<std::size_t>(n) < wanted && !ended_)) readable_ = false;
    }

private:
    bool readable_ = false;
    bool ended_ = false;
};

/// What opens a WebSocket: what is to be sent first, and what came behind the handshake.
struct opening {
    std::string answer, received;
    readiness ready; ///< of the socket
};

/// How a socket is to be watched. It should have TCP_NODELAY, or what is sent waits until the peer has acknowledged
/// what was sent before.
inline constexpr std::uint32_t wanted_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}

#endif
