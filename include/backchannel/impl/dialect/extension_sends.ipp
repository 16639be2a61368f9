// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_DIALECT_EXTENSION_SENDS_IPP
#define BACKCHANNEL_IMPL_DIALECT_EXTENSION_SENDS_IPP

#include <backchannel/dialect/extensions.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI::detail_extensions {

[[nodiscard]] inline outcome run(hub_ref const& hub, command const& c) {
    outcome result;
    hub.execute(c, [&result](outcome&& o) { result = std::move(o); });
    return result;
}

/// What a call does to some connections (a message, an end, or both), and what came of it, on their own threads too.
///
/// `to` and `refuse` are called by one thread, then `finish`. Shared with what waits for an answer.
class sends : public std::enable_shared_from_this<sends> {
public:
    using request = extended_dialect::request;

    /// A connection that did not take it, or has not yet.
    struct entry {
        std::string id;
        delivery result = delivery::unknown;
        bool permitted = true;
    };

    /// `body`: none, if there is nothing to send. `wait`: `owner`, or `queued` so that every answer is there at once.
    sends(hub_ref hub, std::shared_ptr<request const> asked, shared_message body, std::optional<send_terms> terms,
          patience wait)
        : hub_{hub}, asked_{std::move(asked)}, body_{std::move(body)}, terms_{terms}, wait_{wait} {}

    void to(std::string_view id) {
        ++matched_;
        if (!body_) return settle(id, close(id));
        command send{.what = command::kind::send,
                     .id = id,
                     .body = &message_,
                     .wait = wait_ == patience::owner ? patience::inline_only : wait_,
                     .terms = terms_};
        outcome const sent = run(hub_, send);
        if (sent.unsupported) supported_ = false;
        if (sent.unsupported || !sent.deferred) return settle(id, behind(id, sent.result));
        entry& waiting = entries_.emplace_back(entry{.id = std::string{id}});
        missing_.fetch_add(1, std::memory_order_relaxed);
        send.id = waiting.id;
        send.wait = patience::owner;
        hub_.execute(send, [self = shared_from_this(), &waiting](outcome const& o) {
            waiting.result = self->behind(waiting.id, o.result);
            self->one_less();
        });
    }

    void refuse(std::string_view id) {
        ++matched_;
        list(id, {}, false);
    }

    /// Calls `done()` when every answer is there: now, or on the thread of the last one.
    void finish(completion<> done) {
        done_ = std::move(done);
        one_less();
    }

    // ------------------------------------------------------------------------------------------ when it is finished

    /// False: the hub cannot keep the terms of the message, and nothing was sent.
    [[nodiscard]] bool supported() const noexcept { return supported_; }
    [[nodiscard]] std::size_t matched() const noexcept { return matched_; }
    [[nodiscard]] std::size_t accepted() const noexcept {
        auto const late = std::count_if(entries_.begin(), entries_.end(), [](entry const& e) {
            return e.permitted && e.result == delivery::accepted;
        });
        return accepted_ + static_cast<std::size_t>(late);
    }
    /// The first of those that were refused, in order; among them some that have accepted it later.
    [[nodiscard]] std::deque<entry> const& entries() const noexcept { return entries_; }

private:
    [[nodiscard]] delivery close(std::string_view id) const {
        return run(hub_, {.what = command::kind::close, .id = id, .frame = {asked_->code, asked_->reason}}).result;
    }
    /// What is to be done behind the message.
    [[nodiscard]] delivery behind(std::string_view id, delivery sent) const {
        return sent == delivery::accepted && asked_->closes() ? close(id) : sent;
    }

    void settle(std::string_view id, delivery result) {
        if (result == delivery::accepted) ++accepted_;
        else list(id, result, true);
    }
    /// One that is refused already; those that are waited for may not be.
    void list(std::string_view id, delivery result, bool permitted) {
        if (listed_ == extended_dialect::max_listed) return;
        entries_.push_back({std::string{id}, result, permitted});
        ++listed_;
    }

    void one_less() noexcept {
        if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_();
    }

    hub_ref hub_;
    std::shared_ptr<request const> asked_;
    shared_message const body_;
    message const message_{body_};
    std::optional<send_terms> terms_;
    patience wait_;
    bool supported_ = true;
    std::size_t matched_ = 0, accepted_ = 0, listed_ = 0;
    std::deque<entry> entries_; // they stay where they are
    std::atomic<std::size_t> missing_{1}; // answers; the first stands for `finish`
    completion<> done_;
};

}

#endif
