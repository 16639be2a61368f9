// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_SHA256_LANES_HPP
#define BACKCHANNEL_CRYPTO_SHA256_LANES_HPP

#include <backchannel/completion.hpp>
#include <backchannel/config.hpp>
#include <backchannel/crypto/sha256.hpp>
#include <backchannel/support/guarded.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// Hashes messages that arrive on one event loop two at a time, where two have bytes to hash in one turn of the loop.
///
/// A long piece waits until another message has one too, but not beyond the turn. Used on the loop's thread only. Must
/// outlive the messages that are not finished.
class sha256_lanes {
public:
    class message;

    /// `wake` has the loop call `settle` once, at the end of its turn and not from within. If it throws, nothing waits.
    explicit sha256_lanes(std::function<void()> wake) : wake_{std::move(wake)} {}
    sha256_lanes(sha256_lanes const&) = delete;
    sha256_lanes& operator=(sha256_lanes const&) = delete;
    ~sha256_lanes() { settle(); }

    /// Hashes what has found no companion, and reports the digests that are owed.
    inline void settle() noexcept;

private:
    static constexpr std::size_t worth_waiting = 4096; // bytes; what a turn's end costs is more than shorter ones gain

    inline void share(message& newest) noexcept;

    std::function<void()> wake_;
    bool woken_ = false;
    message* waiting_ = nullptr; // for a companion; at most one, as a second is its companion
    std::unique_ptr<message> first_finished_;
    message* last_finished_ = nullptr;
};

/// A message that arrives in pieces.
class sha256_lanes::message {
public:
    explicit message(sha256_lanes& lanes) noexcept : lanes_{lanes} {}
    message(message const&) = delete;
    message& operator=(message const&) = delete;
    ~message() { stop_waiting(); }

    /// The next piece, which stays where it is until `settle` is called or the digest has been reported.
    void append(std::string_view piece) noexcept {
        if (piece.empty()) return;
        if (!rest_.empty() && rest_.data() + rest_.size() != piece.data()) settle();
        rest_ = {rest_.empty() ? piece.data() : rest_.data(), rest_.size() + piece.size()};
        lanes_.share(*this);
    }

    /// The pieces may go.
    void settle() noexcept {
        hash_.update(std::exchange(rest_, {}));
        stop_waiting();
    }

    /// Reports the digest: before it returns, or when the turn ends.
    static void finish(std::unique_ptr<message> whole, completion<sha256_digest> done) {
        if (whole->rest_.empty()) return done(whole->hash_.finish());
        sha256_lanes& lanes = whole->lanes_;
        whole->done_ = std::move(done);
        message* const last = std::exchange(lanes.last_finished_, whole.get());
        (lanes.first_finished_ == nullptr ? lanes.first_finished_ : last->next_) = std::move(whole);
    }

private:
    friend class sha256_lanes;

    void stop_waiting() noexcept {
        if (lanes_.waiting_ == this) lanes_.waiting_ = nullptr;
    }

    sha256_lanes& lanes_;
    sha256 hash_;
    std::string_view rest_; // not hashed yet
    completion<sha256_digest> done_;
    std::unique_ptr<message> next_; // of those that are finished
};

inline void sha256_lanes::share(message& newest) noexcept {
    message* const other = waiting_;
    if (other == &newest) return;
    if (other != nullptr) {
        sha256::update_two(newest.hash_, newest.rest_, other->hash_, other->rest_);
        if (other->rest_.size() < worth_waiting) other->settle();
    }
    if (waiting_ != nullptr || newest.rest_.size() < worth_waiting) return newest.settle();
    waiting_ = &newest;
    if (std::exchange(woken_, true) || guarded(wake_)) return;
    woken_ = false;
    newest.settle();
}

inline void sha256_lanes::settle() noexcept {
    woken_ = false;
    if (waiting_ != nullptr) waiting_->settle();
    last_finished_ = nullptr;
    for (auto next = std::exchange(first_finished_, nullptr); next != nullptr;) {
        auto whole = std::exchange(next, std::move(next->next_));
        sha256_digest const digest = whole->hash_.finish();
        auto done = std::move(whole->done_);
        whole.reset();
        (void)guarded([&] { done(digest); }); // what one of them throws is not the others'
    }
}

}

#endif
