// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_HPP

#include <backchannel/gateway/connection_deadlines.hpp>
#include <backchannel/gateway/connection_socket.hpp>
#include <backchannel/gateway/write_watch.hpp>
#include <backchannel/support/outbox.hpp>

#include <asio/error.hpp>

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
class gateway_connection : public connection_socket<Owner, Stream> {
    using base = connection_socket<Owner, Stream>;
    using base::owner_;

public:
    using base::closed;
    using base::worker;

    /// `owner` has `deadlines` (see `connection_deadlines`) and keeps the worker and its loop; it is let go last.
    gateway_connection(std::shared_ptr<Owner> owner, gateway_worker& loop, Stream stream)
        : base{std::move(owner), loop, std::move(stream)} {}

    /// Throws std::bad_alloc, and it has not begun.
    void start() {
        this->begin_to_wait();
        worker().add(this->shared_from_this());
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

    /// The time of `wake` has come.
    virtual void on_wake() {}

    /// When `on_wake` is to be called, whatever other deadlines there are; the largest: never. See `arm`.
    [[nodiscard]] virtual time_point wake() const noexcept { return time_point::max(); }

    /// Bytes that wait elsewhere to get into `out()`.
    [[nodiscard]] virtual std::size_t held_back() const noexcept { return 0; }

    /// The peer takes nothing of what waits for it. The connection is dropped after that.
    virtual void on_stalled() {}

    /// Bytes could not be exchanged in time, or what came was no handshake. The connection is dropped after that.
    virtual void on_no_handshake(std::error_code const&) {}

public:
    // ------------------------------------------------------------------------------ for the parts of a connection

    [[nodiscard]] std::shared_ptr<Owner> const& owner() const noexcept { return owner_; }

    /// Where bytes are put that are to be sent. Throws std::bad_alloc.
    [[nodiscard]] outbox& out() {
        if (out_ == nullptr) out_ = worker().outboxes().take();
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

    /// `wake`, or another of the times that `on_deadline` waits for, is another one than before.
    void arm() {
        if (!closed()) worker().deadline_changed(*this);
    }

    /// Bytes that the socket has taken so far.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

    /// Takes the first bytes of `out()` back, if these begin there in the stream and no write has begun with them.
    [[nodiscard]] bool take_back(std::uint64_t begin, std::size_t size) {
        if (sent_ != begin || closed()) return false;
        if constexpr (requires { this->stream().write_blocked(); })
            if (this->stream().write_blocked()) return false;
        out_->consume(size);
        if (write_watch_ != nullptr) expect_progress(false);
        return true;
    }

    /// Sends what is in `out()` at the end of this turn.
    void send_soon() { worker().flush_later(*this); }

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
        this->next_turn(
            this->template guarded_handler<gateway_connection>([](gateway_connection& self, std::error_code const&) {
                self.others_first_ = false;
                self.show_held();
                self.receive();
            }));
    }

    /// `resume` at the end of this turn: no handler runs inside another one's call.
    void resume_soon() {
        resume_pending_ = true;
        worker().flush_later(*this);
    }

    /// Sends what waits, then ends the connection without cutting the peer off from the last bytes.
    ///
    /// A close with unread bytes in the socket resets the connection and may destroy what was sent, so the peer's end
    /// is waited for.
    void finish() {
        if (finishing_ || closed()) return;
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

    /// Ends the connection now.
    void drop() override {
        if (!this->close_socket()) return;
        auto const self = this->shared_from_this(); // the worker lets go of it
        worker().remove(*this);
        if (out_ != nullptr) out_->clear();
        settle_queue();
        held_.reset();
        on_end();
    }

    void flush() override {
        if (closed()) return;
        if (std::exchange(resume_pending_, false)) resume();
        write();
        settle_queue();
    }

private:
    static constexpr std::size_t max_pieces = 16;

    // --------------------------------------------------------------------------------------------------- deadlines

    /// Bytes that have reached the peer's system, as far as can be known.
    [[nodiscard]] std::uint64_t arrived() {
        if constexpr (requires { this->stream().unacknowledged(); })
            return sent_ - std::min<std::uint64_t>(sent_, this->stream().unacknowledged());
        else
            return sent_;
    }

    [[nodiscard]] time_point deadline() const noexcept final { return std::min({deadline_, write_due(), wake()}); }

    [[nodiscard]] time_point write_due() const noexcept {
        return write_watch_ == nullptr ? time_point::max() : write_watch_->due();
    }

    void on_deadline() final {
        time_point const now = std::chrono::steady_clock::now();
        if (write_due() <= now && !write_watch_->look(owner_->deadlines.write, arrived(), now)) {
            on_stalled();
            return drop();
        }
        if (wake() <= now) {
            on_wake();
            if (closed()) return;
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
        if (closed() || queued() == 0 || !this->stream().established()) return;
        if (this->waits_to_write()) return expect_progress(false);
        std::size_t taken = 0;
        std::error_code error;
        while (!out_->empty() && !error)
            taken += out_->is_one_piece() ? write_pieces<1>(error) : write_pieces<max_pieces>(error);
        sent_ += taken;
        worker().counters().bytes_sent.add(taken);
        if (error && !is_retry(error)) return drop();
        expect_progress(taken != 0);
        if (taken != 0) on_sent();
        if (closed()) return;
        if (is_retry(error))
            this->wait_to_write();
        else if (finishing_ && queued() == 0)
            end_sending();
    }

    template <std::size_t Most>
    [[nodiscard]] std::size_t write_pieces(std::error_code& error) {
        std::array<std::string_view, Most> pieces;
        std::size_t const count = out_->gather(pieces);
        std::size_t const n = this->stream().write_some(std::span{pieces.data(), count}, error);
        out_->consume(n);
        return n;
    }

    void on_writable(std::error_code const& error) final {
        if (error) return drop();
        if (finishing_ && queued() == 0) return end_sending();
        write();
        settle_queue();
    }

    /// What waits must move on: a peer that takes nothing of it is not waited for any longer than that.
    void expect_progress(bool progress) {
        if (queued() == 0) {
            if (write_watch_ == nullptr) return;
            write_watch_.reset();
        } else if (progress || write_watch_ == nullptr) {
            if (write_watch_ == nullptr) write_watch_ = std::make_unique<write_watch>();
            write_watch_->begin(owner_->deadlines.write, std::chrono::steady_clock::now());
        } else {
            return;
        }
        arm();
    }

    void end_sending() {
        if (std::exchange(sending_ended_, true)) return;
        set_deadline(owner_->deadlines.linger);
        std::error_code error;
        this->stream().end_sending(error);
        if (is_retry(error)) {
            sending_ended_ = false;
            return this->wait_to_write();
        }
        if (ended_ || error) drop();
    }

    /// Keeps the worker's sum of what waits in all queues, and no outbox for nothing.
    void settle_queue() noexcept {
        std::size_t const now = closed() ? 0 : queued() + held_back();
        if (out_ != nullptr && out_->empty()) worker().outboxes().give_back(std::move(out_));
        worker().counters().queue_bytes.add(std::uint64_t{now} - counted_); // modulo 2^64: it may go down
        counted_ = now;
    }

    // --------------------------------------------------------------------------------------------------- receiving

    bool look_whether_established() {
        if (established_ || !this->stream().established()) return established_;
        established_ = true;
        clear_deadline();
        on_established();
        return true;
    }

    void receive() {
        if (!paused_ && !others_first_ && !closed() && !ended_) this->wait_to_read();
    }

    void on_readable(std::error_code error) final {
        std::span<char> const buffer = worker().receive_buffer();
        std::size_t const size = error ? 0 : this->stream().read_some(buffer, error);
        worker().counters().bytes_received.add(size);
        if (!established_ && !closed() && !look_whether_established() && error && !is_retry(error)) {
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
        if (size != 0 && !finishing_ && !closed()) show(buffer.first(size)); // else dropped unread
        receive();
    }

    void show(std::span<char> fresh) {
        if (held_ == nullptr) {
            on_bytes(fresh);
            if (fresh.empty() || closed() || finishing_) return;
            held_.reset(new held_bytes{.text = {fresh.data(), fresh.size()}});
        } else {
            held_->text.erase(0, std::exchange(held_->used, 0)).append(fresh.data(), fresh.size());
            show_held();
        }
    }

    void show_held() {
        if (held_ == nullptr || closed()) return;
        auto bytes = std::move(held_); // the connection may be dropped while they are looked at
        std::span<char> rest = std::span{bytes->text}.subspan(bytes->used);
        on_bytes(rest);
        if (rest.empty() || closed() || finishing_) return;
        bytes->used = bytes->text.size() - rest.size();
        held_ = std::move(bytes);
    }

    /// Bytes that could not be used yet.
    struct held_bytes {
        std::string text;
        std::size_t used = 0; // of its front
    };

    // In front of all else, in the padding behind the base; the last four share a byte.
    bool paused_ = false, resume_pending_ = false;
    bool sending_ended_ = false; // our side has ended
    bool established_ : 1 = false;
    bool finishing_ : 1 = false;    // what was queued is sent, what comes is dropped
    bool ended_ : 1 = false;        // the peer has ended its side
    bool others_first_ : 1 = false; // the rest waits for the next turn
    std::unique_ptr<outbox> out_; // while something waits
    std::unique_ptr<held_bytes> held_;
    time_point deadline_ = time_point::max();
    std::unique_ptr<write_watch> write_watch_; // while bytes wait for a socket that takes none
    std::uint64_t sent_ = 0;    // bytes that the socket has taken
    std::uint64_t arrived_ = 0; // of these, that had arrived when `still_arriving` was called last
    std::size_t counted_ = 0;   // bytes that wait, as far as the worker knows
};

}

#endif
