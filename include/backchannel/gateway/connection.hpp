// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_HPP

#include <backchannel/gateway/connection_deadlines.hpp>
#include <backchannel/gateway/stream.hpp>
#include <backchannel/gateway/worker.hpp>
#include <backchannel/gateway/write_watch.hpp>
#include <backchannel/support/outbox.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The socket side of a connection: receives, sends, lingers and closes. What the bytes mean is the derived class's.
///
/// Everything that is queued during one turn of the loop leaves in one gather write. Bytes are received into the
/// worker's buffer; only what could not be used yet is kept.
template <class Owner, gateway_stream Stream>
class gateway_connection : public worker_client {
public:
    /// `owner` has `deadlines` (see `connection_deadlines`) and keeps the worker and its loop; it is let go last.
    gateway_connection(std::shared_ptr<Owner> owner, gateway_worker& worker, Stream stream)
        : owner_{std::move(owner)}, worker_{worker}, stream_{std::move(stream)} {}

    void start() {
        worker_.add(shared_from_this());
        this->protect([this] {
            on_accepted();
            if (!look_whether_established()) set_deadline(owner_->deadlines.handshake);
            receive();
        });
    }

protected:
    // ------------------------------------------------------------------------------------- for the derived class

    /// The connection is the worker's.
    virtual void on_accepted() {}

    /// Bytes can be exchanged.
    virtual void on_established() = 0;

    /// Takes what it can off the front; the rest is shown again with more behind it.
    virtual void on_bytes(std::span<char>& bytes) = 0;

    /// The peer will send nothing more, or the connection has failed: `closed()` tells which.
    virtual void on_end() = 0;

    /// Some of what was queued has been taken by the socket.
    virtual void on_sent() {}

    /// The time given to `set_deadline` has come.
    virtual void on_time_up() = 0;

    /// The time given to `wake_at` has come.
    virtual void on_wake() {}

    /// Bytes that wait elsewhere to get into `out()`.
    [[nodiscard]] virtual std::size_t held_back() const noexcept { return 0; }

    /// The peer takes nothing of what waits for it. The connection is dropped after that.
    virtual void on_stalled() {}

    /// Bytes could not be exchanged in time, or what came was no handshake. The connection is dropped after that.
    virtual void on_no_handshake(std::error_code const&) {}

public:
    // ------------------------------------------------------------------------------ for the parts of a connection

    [[nodiscard]] std::shared_ptr<Owner> const& owner() const noexcept { return owner_; }
    [[nodiscard]] gateway_worker& worker() noexcept { return worker_; }

    /// Where bytes are put that are to be sent. Throws std::bad_alloc.
    [[nodiscard]] outbox& out() {
        if (out_ == nullptr) out_ = worker_.outboxes().take();
        return *out_;
    }
    /// Bytes that wait there.
    [[nodiscard]] std::size_t queued() const noexcept { return out_ == nullptr ? 0 : out_->size(); }

    /// Whether some of what the socket has taken has reached the peer since the last call, and some has not yet.
    [[nodiscard]] bool still_arriving() {
        std::uint64_t const now = arrived();
        return now > std::exchange(arrived_, now) && now != sent_;
    }

    void set_deadline(std::chrono::milliseconds wait, time_point since = std::chrono::steady_clock::now()) {
        deadline_ = deadline_after(wait, since);
        arm();
    }
    void clear_deadline() {
        deadline_ = time_point::max();
        arm();
    }
    /// The same for one that another will soon be set in place of.
    void forget_deadline() noexcept { deadline_ = time_point::max(); }

    /// Calls `on_wake` then, whatever other deadlines there are; the largest: never.
    void wake_at(time_point when) {
        if (std::exchange(wake_, when) != when) arm();
    }

    /// Bytes that the socket has taken so far.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

    /// Takes the first bytes of `out()` back, if these begin there in the stream and no write has begun with them.
    [[nodiscard]] bool take_back(std::uint64_t begin, std::size_t size) {
        if (sent_ != begin || closed_) return false;
        if constexpr (requires { stream_.write_blocked(); })
            if (stream_.write_blocked()) return false;
        out_->consume(size);
        expect_progress(false);
        return true;
    }

    /// Sends what is in `out()` at the end of this turn.
    void send_soon() { worker_.flush_later(*this); }

    /// No bytes are asked for or shown until `resume`.
    void pause() noexcept { paused_ = true; }
    void resume() {
        if (!std::exchange(paused_, false)) return;
        show_held();
        receive();
    }

    /// The rest is shown in the loop's next turn, so that its other connections are not kept waiting.
    void others_first() {
        others_first_ = true;
        next_turn(guarded_handler([](gateway_connection& self, std::error_code const&) {
            self.others_first_ = false;
            self.show_held();
            self.receive();
        }));
    }

    /// `resume` at the end of this turn: no handler runs inside another one's call.
    void resume_soon() {
        resume_pending_ = true;
        worker_.flush_later(*this);
    }

    /// Sends what waits, then ends the connection without cutting the peer off from the last bytes.
    ///
    /// A close with unread bytes in the socket resets the connection and may destroy what was sent, so the peer's end
    /// is waited for.
    void finish() {
        if (finishing_ || closed_) return;
        finishing_ = true;
        paused_ = false;
        held_.reset();
        clear_deadline();
        if (queued() == 0)
            end_sending();
        else
            send_soon();
        receive();
    }

    [[nodiscard]] bool peer_has_ended() const noexcept { return ended_; }
    [[nodiscard]] bool finishing() const noexcept { return finishing_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// Ends the connection now.
    void drop() override {
        if (std::exchange(closed_, true)) return;
        auto const self = shared_from_this(); // the worker lets go of it
        stream_.close();
        worker_.remove(*this);
        if (out_ != nullptr) out_->clear();
        settle_queue();
        held_.reset();
        on_end();
    }

    void flush() override {
        if (closed_) return;
        if (std::exchange(resume_pending_, false)) resume();
        write();
        settle_queue();
    }

private:
    static constexpr std::size_t max_pieces = 16;

    /// A handler for the loop that calls an `F`, which captures nothing, with the error; a throw ends this connection
    /// only.
    template <class F>
    [[nodiscard]] auto guarded_handler(F) {
        return [self = std::static_pointer_cast<gateway_connection>(shared_from_this())](std::error_code const& error) {
            self->worker_.on_event([&] {
                self->protect([&] {
                    if (!self->closed_) F{}(*self, error); // made anew, so that the handler is one pointer only
                });
            });
        };
    }

    template <class Handler>
    void next_turn(Handler handler) {
        asio::post(worker_.executor(), [f = std::move(handler)] { f({}); });
    }

    // --------------------------------------------------------------------------------------------------- deadlines

    /// Bytes that have reached the peer's system, as far as can be known.
    [[nodiscard]] std::uint64_t arrived() {
        if constexpr (requires { stream_.unacknowledged(); })
            return sent_ - std::min<std::uint64_t>(sent_, stream_.unacknowledged());
        else
            return sent_;
    }

    void arm() {
        if (closed_) return;
        time_point const first = std::min({deadline_, write_watch_.due(), wake_});
        if (first == time_point::max())
            worker_.clear_deadline(*this);
        else
            worker_.set_deadline(*this, first);
    }

    void on_deadline() final {
        time_point const now = std::chrono::steady_clock::now();
        if (write_watch_.due() <= now && !write_watch_.look(owner_->deadlines.write, arrived(), now)) {
            on_stalled();
            return drop();
        }
        if (wake_ <= now) {
            wake_ = time_point::max();
            on_wake();
            if (closed_) return;
        }
        if (deadline_ > now) return arm();
        clear_deadline();
        if (finishing_) return drop();
        if (established_) return on_time_up();
        on_no_handshake(asio::error::timed_out);
        drop();
    }

    // ----------------------------------------------------------------------------------------------------- sending

    void write() {
        if (closed_ || queued() == 0 || !stream_.established()) return;
        if (waiting_to_write_) return expect_progress(false);
        std::size_t taken = 0;
        std::error_code error;
        while (!out_->empty() && !error)
            taken += out_->is_one_piece() ? write_pieces<1>(error) : write_pieces<max_pieces>(error);
        sent_ += taken;
        worker_.counters().bytes_sent.add(taken);
        if (error && !is_retry(error)) return drop();
        expect_progress(taken != 0);
        if (taken != 0) on_sent();
        if (closed_) return;
        if (is_retry(error))
            wait_to_write();
        else if (finishing_ && queued() == 0)
            end_sending();
    }

    template <std::size_t Most>
    [[nodiscard]] std::size_t write_pieces(std::error_code& error) {
        std::array<std::string_view, Most> pieces;
        std::size_t const count = out_->gather(pieces);
        std::size_t const n = stream_.write_some(std::span{pieces.data(), count}, error);
        out_->consume(n);
        return n;
    }

    void wait_to_write() {
        if (std::exchange(waiting_to_write_, true)) return;
        stream_.wait_writable(guarded_handler([](gateway_connection& self, std::error_code const& error) {
            self.waiting_to_write_ = false;
            if (error) return self.drop();
            if (self.finishing_ && self.queued() == 0) return self.end_sending();
            self.write();
            self.settle_queue();
        }));
    }

    /// What waits must move on: a peer that takes nothing of it is not waited for any longer than that.
    void expect_progress(bool progress) {
        bool const watching = write_watch_.due() != time_point::max();
        if (queued() == 0) {
            if (!watching) return;
            write_watch_.end();
        } else if (progress || !watching) {
            write_watch_.begin(owner_->deadlines.write, std::chrono::steady_clock::now());
        } else {
            return;
        }
        arm();
    }

    void end_sending() {
        if (std::exchange(sending_ended_, true)) return;
        set_deadline(owner_->deadlines.linger);
        std::error_code error;
        stream_.end_sending(error);
        if (is_retry(error)) {
            sending_ended_ = false;
            return wait_to_write();
        }
        if (ended_ || error) drop();
    }

    /// Keeps the worker's sum of what waits in all queues, and no outbox for nothing.
    void settle_queue() noexcept {
        std::size_t const now = closed_ ? 0 : queued() + held_back();
        if (out_ != nullptr && out_->empty()) worker_.outboxes().give_back(std::move(out_));
        worker_.counters().queue_bytes.add(std::uint64_t{now} - counted_); // modulo 2^64: it may go down
        counted_ = now;
    }

    // --------------------------------------------------------------------------------------------------- receiving

    bool look_whether_established() {
        if (established_ || !stream_.established()) return established_;
        established_ = true;
        clear_deadline();
        on_established();
        return true;
    }

    void receive() {
        if (receiving_ || paused_ || others_first_ || closed_ || ended_) return;
        receiving_ = true;
        auto on_ready = guarded_handler([](gateway_connection& self, std::error_code const& error) {
            self.receiving_ = false;
            self.on_readable(error);
        });
        if (stream_.has_more())
            next_turn(std::move(on_ready));
        else if (stream_.read_wants_write())
            stream_.wait_writable(std::move(on_ready));
        else
            stream_.wait_readable(std::move(on_ready));
    }

    void on_readable(std::error_code error) {
        std::span<char> const buffer = worker_.receive_buffer();
        std::size_t const size = error ? 0 : stream_.read_some(buffer, error);
        worker_.counters().bytes_received.add(size);
        if (!established_ && !closed_ && !look_whether_established() && error && !is_retry(error)) {
            on_no_handshake(error);
            return drop();
        }
        if (is_retry(error)) return receive();
        if (error == asio::error::eof) {
            ended_ = true;
            if (finishing_ && sending_ended_) return drop();
            if (!finishing_) on_end();
            return;
        }
        if (error) return drop();
        if (size != 0 && !finishing_ && !closed_) show(buffer.first(size)); // else dropped unread
        receive();
    }

    void show(std::span<char> fresh) {
        if (held_ == nullptr) {
            on_bytes(fresh);
            if (fresh.empty() || closed_ || finishing_) return;
            held_.reset(new held_bytes{.text = {fresh.data(), fresh.size()}});
        } else {
            held_->text.erase(0, std::exchange(held_->used, 0)).append(fresh.data(), fresh.size());
            show_held();
        }
    }

    void show_held() {
        if (held_ == nullptr || closed_) return;
        auto bytes = std::move(held_); // the connection may be dropped while they are looked at
        std::span<char> rest = std::span{bytes->text}.subspan(bytes->used);
        on_bytes(rest);
        if (rest.empty() || closed_ || finishing_) return;
        bytes->used = bytes->text.size() - rest.size();
        held_ = std::move(bytes);
    }

    /// Bytes that could not be used yet.
    struct held_bytes {
        std::string text;
        std::size_t used = 0; // of its front
    };

    // In front of all else, in the padding behind the base; the last five share a byte.
    bool waiting_to_write_ = false, paused_ = false, resume_pending_ = false;
    bool sending_ended_ = false; // our side has ended
    bool closed_ = false;
    bool established_ : 1 = false;
    bool receiving_ : 1 = false;
    bool finishing_ : 1 = false;    // what was queued is sent, what comes is dropped
    bool ended_ : 1 = false;        // the peer has ended its side
    bool others_first_ : 1 = false; // the rest waits for the next turn
    std::shared_ptr<Owner> const owner_;
    gateway_worker& worker_;
    Stream stream_;
    std::unique_ptr<outbox> out_; // while something waits
    std::unique_ptr<held_bytes> held_;
    time_point deadline_ = time_point::max();
    time_point wake_ = time_point::max();
    write_watch write_watch_;   // while bytes wait for a socket that takes none
    std::uint64_t sent_ = 0;    // bytes that the socket has taken
    std::uint64_t arrived_ = 0; // of these, that had arrived when `still_arriving` was called last
    std::size_t counted_ = 0;   // bytes that wait, as far as the worker knows
};

}

#endif
