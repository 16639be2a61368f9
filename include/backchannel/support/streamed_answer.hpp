// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_STREAMED_ANSWER_HPP
#define BACKCHANNEL_SUPPORT_STREAMED_ANSWER_HPP

#include <backchannel/connection.hpp>
#include <backchannel/http.hpp>
#include <backchannel/support/guarded.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Sends a `body_stream` over a connection of a loop's, piece by piece. The next is read when the last one has gone, so
/// a client that does not read costs one piece.
///
/// The base of an adapter's own, made by `std::make_shared`; what ends with the connection keeps it. All is for the
/// connection's thread, one at a time.
class streamed_answer : public std::enable_shared_from_this<streamed_answer> {
public:
    static constexpr std::size_t room = 16 * 1024; ///< of a piece, or a little more
    static constexpr auto period = body_stream::quiet / 6; ///< of ticks, for who has no timer that is due anyway

    streamed_answer(streamed_answer const&) = delete;
    streamed_answer& operator=(streamed_answer const&) = delete;
    virtual ~streamed_answer() = default;

    /// The head of the answer is on its way.
    void start() { go_on(); }

    /// What `write` was given has gone.
    void written() {
        writing_ = false;
        go_on();
    }

    /// To be called every `period`, or more often: keeps the connection alive when the stream has had nothing for
    /// its `quiet`, and gives up a client that takes nothing for between one and two of those.
    void tick(time_point now) {
        if (over_) return;
        if (now >= check_at_) {
            check_at_ = now + quiet_;
            if (writing_ && std::exchange(stuck_, true)) return finish(false);
        }
        if (std::exchange(fed_, false)) due_ = now + quiet_;
        if (now < due_ || writing_) return;
        due_ = now + quiet_;
        prod();
    }

    /// Sends what keeps the connection alive, now. Precondition: nothing is being written.
    void prod() {
        if (over_) return;
        std::string text;
        if (!guarded([&] { stream_->keep_alive(text); })) return finish(false);
        send(std::move(text));
        go_on(); // should a wake-up have been lost for want of memory
    }

    [[nodiscard]] bool over() const noexcept { return over_; }

protected:
    /// `post(task)`: has the connection's thread run a task later; called on any thread, also when the connection has
    /// gone.
    streamed_answer(std::shared_ptr<body_stream> stream, std::function<void(task)> post,
                    std::chrono::milliseconds interval = body_stream::quiet)
        : stream_{std::move(stream)}, post_{std::move(post)}, quiet_{interval},
          due_{std::chrono::steady_clock::now() + interval}, check_at_{due_} {}

    /// Sends that. True: it has gone already; else `written` follows.
    virtual bool write(std::string text) = 0;

    /// Nothing more will come. `whole`: as the stream has ended; else the connection is to be cut off.
    virtual void end(bool whole) = 0;

private:
    void go_on() {
        for (int turn = 0; !writing_ && !over_; ++turn) {
            if (turn == 16) return others_first();
            std::string text;
            bool const good = guarded([&] {
                more_ = more_ && stream_->read(text, room);
                if (more_ && text.empty()) wait();
            });
            if (!good || (text.empty() && !more_)) return finish(good);
            if (text.empty()) return;
            fed_ = true;
            send(std::move(text));
        }
    }

    void wait() {
        stream_->wait([post = post_, again = again()] { post(again); });
    }
    /// The loop has other connections, and may hear that this one has ended.
    void others_first() {
        if (!guarded([&] { post_(again()); })) finish(false);
    }
    [[nodiscard]] task again() {
        return [weak = weak_from_this()] {
            if (auto const self = weak.lock()) self->go_on();
        };
    }

    void send(std::string text) {
        writing_ = true;
        stuck_ = false;
        bool gone = false;
        if (!guarded([&] { gone = write(std::move(text)); })) return finish(false);
        if (gone) writing_ = false;
    }

    void finish(bool whole) {
        if (std::exchange(over_, true)) return;
        stream_.reset();
        end(whole);
    }

    std::shared_ptr<body_stream> stream_;
    std::function<void(task)> post_;
    std::chrono::milliseconds const quiet_;
    time_point due_;      // when the connection is to be kept alive
    time_point check_at_; // when the client is to be looked at
    bool more_ = true;
    bool writing_ = false;
    bool fed_ = false;   // by the stream, since the last tick
    bool stuck_ = false; // what is being written was so at the last check
    bool over_ = false;
};

}

#endif
