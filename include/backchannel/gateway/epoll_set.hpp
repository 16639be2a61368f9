// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_EPOLL_SET_HPP
#define BACKCHANNEL_GATEWAY_EPOLL_SET_HPP

#include <backchannel/gateway/wait_memory.hpp>
#include <backchannel/support/guarded.hpp>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#if defined(ASIO_HAS_EPOLL)
#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Who waits for a socket.
class socket_waiter {
public:
    /// What is waited for is there; a broken socket is both. Never throws, and may end this.
    virtual void on_ready(bool readable, bool writable) = 0;

protected:
    ~socket_waiter() = default;
};

/// Who is told that some sockets are ready at once, and that all of them have been told.
class turn_keeper {
public:
    virtual void begin_turn() noexcept = 0;
    virtual void end_turn() noexcept = 0;

protected:
    ~turn_keeper() = default;
};

#if defined(ASIO_HAS_EPOLL)

/// Waits for many sockets of one loop. The loop watches all of them as one, so that a socket takes no memory but the
/// kernel's: of Asio it would be a state and a handler, some 270 bytes. Nor does a wait that goes on take a call of the
/// system.
///
/// Used on the loop's thread only; who is told must not run the loop, as others of the set would not be told meanwhile.
/// A child of fork has the same set, and must not touch it, nor what waits there. epoll(7).
class epoll_set : public std::enable_shared_from_this<epoll_set> {
public:
    /// Throws std::system_error. `keeper` stays as long as this, or until `stop`.
    epoll_set(asio::io_context& loop, turn_keeper& keeper) : set_{loop}, keeper_{keeper} {
        int const made = ::epoll_create1(EPOLL_CLOEXEC);
        std::error_code error{errno, std::system_category()};
        if (made >= 0 && !guarded([&] { set_.assign(made, error); }))
            error = make_error_code(std::errc::not_enough_memory);
        if (made >= 0 && !error) return;
        if (made >= 0) ::close(made);
        throw std::system_error{error, "epoll_set"};
    }

    /// Takes a socket in and waits as `wait` does. False: the system refuses it.
    [[nodiscard]] bool add(int socket, socket_waiter& who, bool readable, bool writable) noexcept {
        if (!control(EPOLL_CTL_ADD, socket, &who, readable, writable)) return false;
        ++size_;
        if (waits_ || look_later()) return true;
        remove(socket, who);
        return false;
    }

    /// Tells `who`, later and again and again, while one of these is so. It replaces what was waited for before; where
    /// that was nothing, a broken socket is told once.
    void wait(int socket, socket_waiter& who, bool readable, bool writable) noexcept {
        (void)control(EPOLL_CTL_MOD, socket, &who, readable, writable);
    }

    /// `who` is told nothing more. Precondition: `add` took it in; the socket is open.
    void remove(int socket, socket_waiter& who) noexcept {
        (void)control(EPOLL_CTL_DEL, socket, nullptr, false, false);
        for (std::size_t i = next_; i < ready_; ++i)
            if (events_[i].data.ptr == &who) events_[i].data.ptr = nullptr;
        if (--size_ != 0 || !waits_) return;
        std::error_code ignored;
        set_.cancel(ignored); // the loop has nothing to wait for here
    }

    /// Nobody is told anything more. Also where the loop does not run any more.
    void stop() noexcept {
        ready_ = next_;
        std::error_code ignored;
        set_.close(ignored);
    }

private:
    static constexpr std::size_t at_once = 64; // then others have a turn

    [[nodiscard]] bool control(int what, int socket, socket_waiter* who, bool readable, bool writable) noexcept {
        epoll_event wanted{};
        if (readable) wanted.events |= EPOLLIN;
        if (writable) wanted.events |= EPOLLOUT;
        if (!readable && !writable) wanted.events = EPOLLONESHOT;
        wanted.data.ptr = who;
        return ::epoll_ctl(set_.native_handle(), what, socket, &wanted) == 0;
    }

    /// False: there was no memory, though there is some for one wait at a time from the start.
    [[nodiscard]] bool look_later() noexcept {
        using on_turn = wait_handler<epoll_set, &epoll_set::memory_, &epoll_set::look>;
        waits_ = guarded([this] { set_.async_wait(set_.wait_read, on_turn{shared_from_this()}); });
        return waits_;
    }

    void look(std::error_code const&) {
        if (!set_.is_open()) return;
        int const found = ::epoll_wait(set_.native_handle(), events_.data(), at_once, 0);
        ready_ = found < 0 ? 0 : static_cast<std::size_t>(found);
        keeper_.begin_turn();
        for (next_ = 0; next_ < ready_;) {
            epoll_event const& one = events_[next_++];
            bool const broken = (one.events & (EPOLLERR | EPOLLHUP)) != 0;
            bool const readable = broken || (one.events & EPOLLIN) != 0;
            bool const writable = broken || (one.events & EPOLLOUT) != 0;
            if (one.data.ptr != nullptr) static_cast<socket_waiter*>(one.data.ptr)->on_ready(readable, writable);
        }
        if (!set_.is_open()) return;
        keeper_.end_turn();
        waits_ = false; // not before: one look at a time
        if (size_ != 0 && set_.is_open()) (void)look_later();
    }

    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> set_;
    turn_keeper& keeper_;
    wait_memory memory_;
    std::array<epoll_event, at_once> events_{};
    std::size_t next_ = 0, ready_ = 0; // of these
    std::size_t size_ = 0;
    bool waits_ = false;
};

#else

/// Takes nobody in: a system without epoll.
class epoll_set {
public:
    epoll_set(asio::io_context&, turn_keeper&) noexcept {}

    [[nodiscard]] bool add(int, socket_waiter&, bool, bool) noexcept { return false; }
    void wait(int, socket_waiter&, bool, bool) noexcept {}
    void remove(int, socket_waiter&) noexcept {}
    void stop() noexcept {}
};

#endif

}

#endif
