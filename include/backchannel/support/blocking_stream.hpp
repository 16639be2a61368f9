// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_BLOCKING_STREAM_HPP
#define BACKCHANNEL_SUPPORT_BLOCKING_STREAM_HPP

#include <backchannel/http.hpp>
#include <backchannel/support/guarded.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What wakes a thread that waits for its client's socket as well. POSIX. `ring` is for any thread.
class doorbell {
public:
    enum class event { rung, client_left, quiet };

    /// Throws std::system_error.
    doorbell() {
        if (::pipe(ends_.data()) != 0) throw std::system_error{errno, std::generic_category(), "pipe"};
        for (int const end : ends_) {
            ::fcntl(end, F_SETFD, FD_CLOEXEC);
            ::fcntl(end, F_SETFL, O_NONBLOCK);
        }
    }
    doorbell(doorbell const&) = delete;
    doorbell& operator=(doorbell const&) = delete;
    ~doorbell() {
        for (int const end : ends_) ::close(end);
    }

    void ring() noexcept {
        [[maybe_unused]] ssize_t const n = ::write(ends_[1], "", 1); // one that is full rings already
    }

    /// Waits until it was rung, the client has ended the connection, or the time is over. What the client sends is read
    /// and forgotten. `socket`: -1 if the server does not show it.
    [[nodiscard]] event wait(int socket, std::chrono::milliseconds time) {
        auto const end = std::chrono::steady_clock::now() + time;
        for (std::array<char, 4096> bytes;;) {
            auto const left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
            if (left.count() <= 0) return event::quiet;
            std::array<pollfd, 2> watched{{{ends_[0], POLLIN, 0}, {socket, POLLIN, 0}}};
            int const ready =
                ::poll(watched.data(), 2, static_cast<int>(left.count() < INT_MAX ? left.count() : INT_MAX));
            if (ready < 0 && errno != EINTR) return event::client_left;
            if (ready <= 0) continue;
            if (watched[1].revents != 0) {
                ssize_t const n = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
                if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return event::client_left;
            }
            if (watched[0].revents == 0) continue;
            while (::read(ends_[0], bytes.data(), bytes.size()) > 0) {
            }
            return event::rung;
        }
    }

private:
    std::array<int, 2> ends_{};
};

/// Writes a stream to its end, for servers that give each request a thread of its own, which waits meanwhile.
///
/// `write(text)` returns when the text has gone; false: the client has. Nothing is read from the stream before that.
/// Ends early when the client leaves (of which only a write tells if `socket` is -1), a `stop` is requested, or there
/// is no memory: false. `quiet`: so long after the last text comes one that keeps the connection alive.
template <class Write>
[[nodiscard]] bool write_stream(body_stream& stream, int socket, std::chrono::milliseconds quiet,
                                std::stop_token const& stop, Write&& write) {
    using clock = std::chrono::steady_clock;
    constexpr std::size_t room = 16 * 1024;
    bool whole = false;
    bool const good = guarded([&] {
        auto const bell = std::make_shared<doorbell>(); // kept by who rings it, at whatever time
        std::stop_callback const stopped{stop, [&] { bell->ring(); }};
        bool more = true;
        auto due = clock::now() + quiet;
        while (!whole && !stop.stop_requested()) {
            std::string text;
            more = more && stream.read(text, room);
            whole = !more && text.empty();
            if (more && text.empty()) {
                stream.wait([bell] { bell->ring(); });
                auto const what = bell->wait(socket, std::chrono::ceil<std::chrono::milliseconds>(due - clock::now()));
                if (what == doorbell::event::client_left) return;
                if (what == doorbell::event::quiet) stream.keep_alive(text);
            }
            if (text.empty()) continue; // the end, or woken for nothing
            if (!write(std::string_view{text})) return;
            due = clock::now() + quiet;
        }
    });
    return good && whole;
}

}

#endif
