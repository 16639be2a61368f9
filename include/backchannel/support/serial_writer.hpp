// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_SERIAL_WRITER_HPP
#define BACKCHANNEL_SUPPORT_SERIAL_WRITER_HPP

#include <backchannel/support/guarded.hpp>
#include <backchannel/support/message_queue.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

struct serial_writer_options {
    /// Bytes that may wait while somebody writes; each message counts a little more than it is long.
    std::size_t limit = 1024 * 1024;
    /// Once a thread has written for others for this long, they are answered `backpressure` until nothing waits.
    std::chrono::milliseconds turn{100};
};

/// A handle to a connection that its server destroys when it likes and whose writes block, for any number of senders.
///
/// A sender that finds nobody writing writes itself, and goes on with what others queue meanwhile. A sender that finds
/// somebody writing queues its message and leaves, so a slow client occupies one thread at most. Copies name the same
/// connection; every member may be called from any thread, also within a write.
///
/// `Peer` is a copyable view of the connection:
/// - `bool ready()`: whether the socket takes bytes now. If not, and nobody writes, `send` is answered `backpressure`,
///   and nobody waits. A server that cannot tell says true. Quick, and never calls back.
/// - `bool write(message const&)`, `bool write_close(std::uint16_t, std::string_view)`, and if they are used
///   `write_ping(std::string_view)` and `write_pong(std::string_view)`: one after the other, with no lock held. False,
///   or an exception: the connection has failed. The server's send timeout bounds how long they take.
/// - `void give_up()`: makes the server's own thread, and if possible a write that blocks, notice that the connection
///   is over, as the shutdown of the socket does. Called at any time, also during a write. Quick, and never calls back.
template <class Peer>
class serial_writer {
public:
    /// Names nothing.
    serial_writer() noexcept = default;

    /// The connection must live until `reset` has returned.
    explicit serial_writer(Peer peer, serial_writer_options options = {})
        : shared_{std::make_shared<state>(std::move(peer), options)} {}

    /// `accepted`: written, or queued behind what is being written. Should it be lost then, the connection is given up.
    delivery send(message const& m) const {
        if (!shared_) return delivery::gone;
        auto const s = shared_; // the handle itself may go during the write
        std::unique_lock lock{s->mutex};
        if (s->over()) return delivery::gone;
        if (s->writing) return s->queue(m);
        if (!s->peer.ready()) return delivery::backpressure;
        s->begin();
        bool const good = s->attempt(lock, [&] { return s->peer.write(m); });
        s->go_on(lock);
        return good ? delivery::accepted : delivery::gone;
    }

    /// Closes behind what is queued, once. A connection that takes no bytes is given up instead.
    void close(std::uint16_t code, std::string_view reason) const {
        control([&](state& s) {
            s.closing = true;
            if (s.writing || s.peer.ready())
                s.messages.push_close(code, reason);
            else
                s.fail();
            return true;
        });
    }

    /// Sends a ping, unless something is being written: that shows as well whether the peer is there.
    void ping(std::string_view payload) const {
        control([&](state& s) {
            if (!s.writing && s.peer.ready()) s.control_frame.emplace(false, payload);
            return !s.writing;
        });
    }

    /// Answers a ping. One answer waits at most, that to the latest (RFC 6455 5.5.3).
    void pong(std::string_view payload) const {
        control([&](state& s) {
            s.control_frame.emplace(true, payload);
            return true;
        });
    }

    /// Gives the connection up at once.
    void terminate() const {
        if (!shared_) return;
        std::lock_guard const lock{shared_->mutex};
        shared_->fail();
    }

    /// The connection goes: nobody uses it any more when this returns, but for a write further up the same stack.
    ///
    /// A write that another thread is at is cut short if `give_up` can do that; it is waited for in any case.
    void reset() const {
        if (!shared_) return;
        auto const s = shared_;
        std::unique_lock lock{s->mutex};
        if (s->writing) s->fail();
        s->present = false;
        if (s->writer == std::this_thread::get_id()) return;
        s->left.wait(lock, [&] { return !s->writing; });
    }

private:
    struct frame {
        frame(bool is_pong, std::string_view bytes) : pong{is_pong}, payload{bytes} {}
        bool pong;
        std::string payload;
    };

    struct state {
        state(Peer p, serial_writer_options const& o) : peer{std::move(p)}, options{o} {}

        // All of these with the lock held; `attempt` lets it go for the time of the write.

        [[nodiscard]] bool over() const noexcept { return !present || failed || closing; }

        [[nodiscard]] delivery queue(message const& m) {
            std::size_t const used = messages.size() + waiting * overhead;
            if (used + m.data().size() + overhead > options.limit || clock::now() >= turn_ends)
                return delivery::backpressure;
            delivery const result = messages.push(m);
            if (result == delivery::accepted) ++waiting;
            return result;
        }

        void begin() {
            writing = true;
            writer = std::this_thread::get_id();
            turn_ends = clock::time_point::max(); // its own message does not count
        }

        template <class Write>
        bool attempt(std::unique_lock<std::mutex>& lock, Write&& write) {
            bool good = false;
            lock.unlock();
            bool const returned = guarded([&] { good = write(); });
            lock.lock();
            if (!returned || !good) fail();
            return returned && good;
        }

        void go_on(std::unique_lock<std::mutex>& lock) {
            turn_ends = clock::now() + options.turn;
            while (present && !failed) {
                if (auto const f = std::exchange(control_frame, std::nullopt)) {
                    attempt(lock, [&] { return write(*f); });
                } else if (!messages.empty()) {
                    shared_message const m = messages.front();
                    messages.pop();
                    --waiting;
                    attempt(lock, [&] { return peer.write(m); });
                } else if (auto const last = messages.take_close()) {
                    attempt(lock, [&] { return peer.write_close(last->code, last->reason); });
                } else {
                    break;
                }
            }
            writing = false;
            writer = {};
            left.notify_all();
        }

        [[nodiscard]] bool write(frame const& f) {
            if constexpr (requires { peer.write_pong(f.payload); })
                if (f.pong) return peer.write_pong(f.payload);
            if constexpr (requires { peer.write_ping(f.payload); })
                if (!f.pong) return peer.write_ping(f.payload);
            return true;
        }

        void fail() {
            if (present && !std::exchange(failed, true)) peer.give_up();
            messages.clear();
            waiting = 0;
        }

        using clock = std::chrono::steady_clock;
        static constexpr std::size_t overhead = 64; // about what a message costs that is empty

        std::mutex mutex;
        std::condition_variable left;
        Peer peer;
        serial_writer_options const options;
        message_queue messages;
        std::size_t waiting = 0; // messages
        std::optional<frame> control_frame;
        bool present = true;
        bool failed = false;
        bool closing = false;
        bool writing = false;
        std::thread::id writer;
        clock::time_point turn_ends;
    };

    /// Runs `change` on a connection that takes frames still; if that returns true and nobody writes, writes.
    template <class Change>
    void control(Change&& change) const {
        if (!shared_) return;
        auto const s = shared_;
        std::unique_lock lock{s->mutex};
        if (s->over() || !change(*s) || s->writing) return;
        s->begin();
        s->go_on(lock);
    }

    std::shared_ptr<state> shared_;
};

/// WebSockets that are written to by a `serial_writer` each, as the hub sees them.
template <class Peer>
struct serial_transport {
    using handle = serial_writer<Peer>;
    static constexpr bool bounds_itself = true;

    delivery send(handle const& h, message const& m) { return h.send(m); }
    void close(handle const& h, std::uint16_t code, std::string_view reason) { h.close(code, reason); }
    void terminate(handle const& h) { h.terminate(); }
};

/// The same for a `Peer` that has `write_ping`.
template <class Peer>
struct pinging_serial_transport : serial_transport<Peer> {
    void ping(serial_writer<Peer> const& h, std::string_view payload) { h.ping(payload); }
};

}

#endif
