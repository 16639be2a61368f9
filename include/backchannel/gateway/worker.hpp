// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_WORKER_HPP
#define BACKCHANNEL_GATEWAY_WORKER_HPP

#include <backchannel/connection.hpp>
#include <backchannel/crypto/sha256_lanes.hpp>
#include <backchannel/gateway/connection_deadlines.hpp>
#include <backchannel/gateway/epoll_set.hpp>
#include <backchannel/gateway/loop_door.hpp>
#include <backchannel/gateway/metrics.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/outbox_pool.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a worker needs to know of a connection.
class worker_client : public socket_waiter, public std::enable_shared_from_this<worker_client> {
public:
    virtual ~worker_client() = default;

    /// Hands what was queued during this turn of the loop to the socket.
    virtual void flush() = 0;
    /// The time of `deadline` has come.
    virtual void on_deadline() = 0;
    /// When that is to be called; the largest: never. It may become later unasked.
    [[nodiscard]] virtual time_point deadline() const noexcept = 0;
    /// The gateway stops: close in an orderly way, and soon.
    virtual void on_stop() = 0;
    /// Whether `on_stop` may come a little later than for others, so that not all clients come back at once elsewhere.
    [[nodiscard]] virtual bool may_linger() const noexcept { return false; }
    /// Ends the connection now. Never throws, and nothing happens to a connection that has been dropped.
    virtual void drop() = 0;

    /// Runs `act`; if it throws (for want of memory, say), this connection ends and no other.
    template <class F>
    void protect(F&& act) {
        if (!guarded(act)) drop();
    }

private:
    friend class gateway_worker;

    using index_type = std::uint32_t; // there are fewer sockets than that
    static constexpr index_type none = ~index_type{0};

    index_type position_ = none; // in the worker's heap
    index_type index_ = none;    // in the worker's list
    bool flush_pending_ = false;
};

/// One event loop: its connections, which it owns until they are dropped, and what they share, so that an idle one
/// holds next to nothing.
///
/// Used on the loop's thread only. Precondition: the io_context is run by one thread.
class gateway_worker final : turn_keeper, public std::enable_shared_from_this<gateway_worker> {
public:
    explicit gateway_worker(asio::io_context& io)
        : io_{io}, timer_{std::in_place, io}, drain_timer_{std::in_place, io} {}

    gateway_worker(gateway_worker const&) = delete;
    gateway_worker& operator=(gateway_worker const&) = delete;

    [[nodiscard]] asio::io_context& context() noexcept { return io_; }
    [[nodiscard]] asio::io_context::executor_type executor() noexcept { return io_.get_executor(); }

    /// For whoever may outlive the loop.
    [[nodiscard]] std::shared_ptr<loop_door> const& door() const noexcept { return door_; }

    /// Bytes are received here and parsed in place; they are valid until the next receive.
    [[nodiscard]] std::span<char> receive_buffer() noexcept { return buffer_; }

    /// Parsed heads share their storage; valid until the next request is parsed.
    [[nodiscard]] http1::request_head& head() noexcept { return head_; }

    /// Where a connection takes an outbox from when it has something to send, and gives it back to.
    [[nodiscard]] outbox_pool& outboxes() noexcept { return outboxes_; }

    /// Waits for the sockets that Asio does not know; made when it is first asked for, so that a gateway may be made
    /// before a fork and used behind it. nullptr: there is no memory for it, or no file.
    [[nodiscard]] epoll_set* sockets() noexcept {
        turn_keeper& keeper = *this;
        if (sockets_ == nullptr && timer_) (void)guarded([&] { sockets_ = std::make_shared<epoll_set>(io_, keeper); });
        return sockets_.get();
    }

    /// Where bodies that come in pieces are hashed.
    [[nodiscard]] crypto::sha256_lanes& lanes() noexcept { return lanes_; }

    /// What has happened on this loop, for `gateway::metrics`.
    [[nodiscard]] gateway_counters& counters() noexcept { return counters_; }
    [[nodiscard]] gateway_counters const& counters() const noexcept { return counters_; }

    // --------------------------------------------------------------------------------------------- the connections

    void add(std::shared_ptr<worker_client> c) {
        clients_.push_back(std::move(c));
        clients_.back()->index_ = static_cast<index_type>(clients_.size() - 1);
    }

    /// The caller keeps `c` alive meanwhile.
    void remove(worker_client& c) noexcept {
        clear_deadline(c);
        if (c.index_ == worker_client::none) return;
        index_type const hole = std::exchange(c.index_, worker_client::none);
        std::swap(clients_[hole], clients_.back());
        if (hole + 1 != clients_.size()) clients_[hole]->index_ = hole;
        clients_.pop_back();
        if (clients_.empty()) now_empty();
    }

    /// Asks every connection to close, those that may linger at times spread over `window`; what is left when `grace`
    /// has passed is dropped. Then calls `done`. Called again, it starts anew with what is left.
    void drain(std::chrono::milliseconds window, std::chrono::milliseconds grace, std::function<void()> done) {
        when_empty_ = std::move(done);
        leaving_.clear();
        // backwards, since whoever leaves is replaced by the last one; this takes no memory
        for (std::size_t i = clients_.size(); i-- != 0;) {
            if (i >= clients_.size()) continue;
            auto const c = clients_[i];
            bool const later =
                window.count() > 0 && c->may_linger() && guarded([&] { leaving_.push_back(c->weak_from_this()); });
            if (!later) c->protect([&] { c->on_stop(); });
        }
        window = std::min(window, beyond_all_deadlines);
        grace = std::min(grace, beyond_all_deadlines);
        time_point const now = std::chrono::steady_clock::now();
        drop_at_ = now + grace;
        step_ = leaving_.empty() ? grace : window; // then finer than milliseconds: there may be more clients than those
        if (!leaving_.empty()) step_ /= static_cast<std::chrono::steady_clock::rep>(leaving_.size());
        next_leaving_ = now;
        go_on_draining();
    }

    /// The loop will not run again, and may end: all connections are dropped, and what waits for it is let go.
    void abandon() {
        door_->shut();
        lanes_.settle(); // what waits there keeps the gateway
        drop_all();
        if (sockets_ != nullptr) sockets_->stop();
        sockets_.reset();
        flushing_.clear();
        timer_.reset();
        drain_timer_.reset();
    }

    [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }

    /// Calls `flush` once, when all that is ready in this turn of the loop has been dealt with.
    void flush_later(worker_client& c) {
        if (c.flush_pending_ || !timer_) return; // an abandoned loop has no more turns
        if (flushing_.empty()) end_turn_later();
        flushing_.push_back(c.shared_from_this());
        c.flush_pending_ = true;
    }

    /// Deals with an event of a socket of Asio's by `act`, which does not throw.
    ///
    /// To wait for the end of the turn costs the loop a look at its sockets, for nothing where events come one at a
    /// time. So while they do, what `act` asks to be flushed is flushed right behind it, but for one event in 17, which
    /// shows whether they still do: an odd number, so that it is not always the last event of a turn.
    template <class F>
    void on_event(F&& act) {
        in_event_ = true;
        ++events_;
        act();
        in_event_ = false;
        if (turn_ends_) return;
        lanes_.settle();
        if (!flushing_.empty()) flush_all();
    }

    // ----------------------------------------------------------------------------------------------- the deadlines

    /// The client's deadline is another one: calls `on_deadline` then, and not before. A later one costs nothing.
    void deadline_changed(worker_client& c) {
        time_point const when = c.deadline();
        if (when == time_point::max()) return clear_deadline(c);
        if (c.position_ == worker_client::none) {
            if (deadlines_.size() == deadlines_.capacity()) deadlines_.reserve(deadlines_.size() * 5 / 4 + 16);
            deadlines_.push_back({when, &c});
            c.position_ = static_cast<index_type>(deadlines_.size() - 1);
            rise(c.position_);
        } else if (when < deadlines_[c.position_].when) {
            deadlines_[c.position_].when = when;
            rise(c.position_);
        }
        if (deadlines_.front().when < armed_for_) arm();
    }

private:
    using index_type = worker_client::index_type;

    struct entry {
        time_point when; // not after the client's own deadline
        worker_client* who;
    };

    void drop_all() noexcept {
        while (!clients_.empty()) {
            auto const c = clients_.back();
            c->drop(); // removes it
        }
    }

    /// Lets those go whose turn has come, and looks again when the next one's has.
    void go_on_draining() {
        time_point const now = std::chrono::steady_clock::now();
        if (now >= drop_at_) drop_all();
        if (clients_.empty()) return now_empty();
        while (!leaving_.empty() && next_leaving_ <= now) {
            auto const c = leaving_.back().lock();
            leaving_.pop_back();
            next_leaving_ += step_;
            if (c != nullptr) c->protect([&] { c->on_stop(); });
        }
        if (clients_.empty()) return now_empty();
        bool const waits = guarded([&] {
            drain_timer_->expires_at(leaving_.empty() ? drop_at_ : std::min(drop_at_, next_leaving_));
            drain_timer_->async_wait([weak = weak_from_this()](std::error_code const& error) {
                auto const self = weak.lock();
                if (!error && self != nullptr) self->go_on_draining();
            });
        });
        if (!waits) drop_all();
    }

    /// An empty loop has nothing to wake up for.
    void now_empty() {
        cancel_timers();
        if (!when_empty_) return;
        auto const done = std::exchange(when_empty_, {});
        if (!guarded([&] { asio::post(io_, done); })) done();
    }

    void cancel_timers() noexcept {
        armed_for_ = time_point::max();
        for (auto* const timer : {&timer_, &drain_timer_})
            if (*timer) (*timer)->cancel();
    }

    void clear_deadline(worker_client& c) noexcept {
        if (c.position_ == worker_client::none) return;
        std::size_t const hole = std::exchange(c.position_, worker_client::none);
        entry const last = deadlines_.back();
        deadlines_.pop_back();
        if (hole == deadlines_.size()) return;
        put(hole, last);
        rise(hole);
        sink(last.who->position_);
    }

    void put(std::size_t at, entry e) noexcept {
        deadlines_[at] = e;
        e.who->position_ = static_cast<index_type>(at);
    }

    void rise(std::size_t at) noexcept {
        for (entry const e = deadlines_[at]; at != 0;) {
            std::size_t const parent = (at - 1) / 2;
            if (deadlines_[parent].when <= e.when) break;
            put(at, deadlines_[parent]);
            put(parent, e);
            at = parent;
        }
    }

    void sink(std::size_t at) noexcept {
        for (;;) {
            std::size_t least = at;
            for (std::size_t const child : {2 * at + 1, 2 * at + 2})
                if (child < deadlines_.size() && deadlines_[child].when < deadlines_[least].when) least = child;
            if (least == at) return;
            entry const e = deadlines_[at];
            put(at, deadlines_[least]);
            put(least, e);
            at = least;
        }
    }

    void arm() {
        armed_for_ = deadlines_.empty() ? time_point::max() : deadlines_.front().when;
        if (armed_for_ == time_point::max() || !timer_) return;
        bool const armed = guarded([this] {
            timer_->expires_at(armed_for_);
            timer_->async_wait([weak = weak_from_this()](std::error_code const& error) {
                auto const self = weak.lock(); // a wait that is over already cannot be cancelled any more
                if (!error && self != nullptr) self->on_timer();
            });
        });
        if (!armed) armed_for_ = time_point::max(); // the next deadline that is set tries again
    }

    void on_timer() {
        time_point const now = std::chrono::steady_clock::now();
        armed_for_ = time_point::max();
        while (!deadlines_.empty() && deadlines_.front().when <= now) {
            worker_client& c = *deadlines_.front().who;
            if (time_point const when = c.deadline(); when > now) { // moved since it was put here
                deadlines_.front().when = when;
                sink(0);
                continue;
            }
            auto const kept = c.shared_from_this();
            clear_deadline(c);
            c.protect([&] { c.on_deadline(); });
        }
        arm();
    }

    // Sockets of the set: the turn is what was ready at once, and ends behind it.
    void begin_turn() noexcept override { in_turn_ = true; }
    void end_turn() noexcept override {
        auto const self = shared_from_this(); // the gateway may go
        in_turn_ = false;                     // what is begun from now on is the next turn's
        lanes_.settle();
        if (!flushing_.empty()) flush_all();
    }

    [[nodiscard]] bool flushes_behind_event() noexcept { return in_event_ && alone_ && ++flushed_behind_ % 17 != 0; }

    /// Unless that is to be done right behind the event.
    void end_turn_later() {
        if (in_turn_ || turn_ends_ || flushes_behind_event()) return;
        asio::post(io_, [self = shared_from_this()] { self->end_posted_turn(); });
        turn_ends_ = true;
        events_ = in_event_ ? 1 : 0;
    }

    void end_posted_turn() {
        turn_ends_ = false;
        alone_ = events_ <= 1;
        lanes_.settle();
        flush_all();
    }

    void flush_all() {
        // what is queued while flushing goes into the next turn
        auto now = std::exchange(flushing_, std::move(spare_));
        for (auto const& c : now) {
            c->flush_pending_ = false;
            c->protect([&] { c->flush(); });
        }
        now.clear();
        spare_ = std::move(now);
    }

    asio::io_context& io_;
    std::shared_ptr<loop_door> const door_ = std::make_shared<loop_door>(io_);
    std::shared_ptr<epoll_set> sockets_;
    std::optional<asio::steady_timer> timer_, drain_timer_; // none if abandoned
    std::function<void()> when_empty_;
    std::vector<std::weak_ptr<worker_client>> leaving_; // to be asked to close, the last one first
    time_point next_leaving_{}, drop_at_{};
    std::chrono::steady_clock::duration step_{};
    gateway_counters counters_;
    crypto::sha256_lanes lanes_{[this] { end_turn_later(); }}; // outlives the clients
    time_point armed_for_ = time_point::max();
    std::vector<entry> deadlines_;
    std::deque<std::shared_ptr<worker_client>> clients_; // without spare room for as many again
    std::vector<std::shared_ptr<worker_client>> flushing_, spare_;
    std::uint32_t events_ = 0;        // since the end of the turn was asked for
    std::uint32_t flushed_behind_ = 0;
    bool in_event_ = false;
    bool in_turn_ = false;   // of the set
    bool turn_ends_ = false; // `end_posted_turn` is on its way
    bool alone_ = false;     // the last turn that was looked at had one event
    outbox_pool outboxes_;
    http1::request_head head_;
    std::array<char, 64 * 1024> buffer_;
};

}

#endif
