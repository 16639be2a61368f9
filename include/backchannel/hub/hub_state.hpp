// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_HUB_STATE_HPP
#define BACKCHANNEL_HUB_HUB_STATE_HPP

#include <backchannel/hub/counters.hpp>
#include <backchannel/hub/deadline_heap.hpp>
#include <backchannel/hub/hub_directory.hpp>
#include <backchannel/session.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// How connections open, close and are due. What is done to them is in `mail_room`.
///
/// Reference-counted by the hub, its sessions and its queued tasks. No lock is held while a hook runs.
template <class Transport, class Traits>
class hub_state : public hub_directory<Transport, Traits> {
    using base = hub_directory<Transport, Traits>;

public:
    using typename base::handle_type;
    using typename base::pinned;
    using typename base::record_type;
    using typename base::slot_type;
    using typename base::table_type;
    using base::is;
    using base::record;

    hub_state(Transport& transport, hub_options const& options, hub_policies<Traits> policies)
        : base{options, std::move(policies)}, transport_{&transport} {}

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    // ------------------------------------------------------------------------------------------- opening, closing

    /// An id for a connection that is about to open; nullptr if the hub is full, draining, or out of memory or random
    /// bytes.
    [[nodiscard]] slot_type* reserve(connection_info const& info) noexcept {
        slot_type* s;
        {
            std::lock_guard const lock{mutex_};
            s = is_draining() ? nullptr : table_.acquire();
        }
        if (s == nullptr) return nullptr;
        auto const id = ids_.make(table_type::index_of(*s));
        record_type& r = record(*s);
        bool const has_texts = !info.source_ip.empty() || !info.user_agent.empty() || info.expires_at ||
                               !info.attributes.empty();
        bool whole = id.has_value();
        if constexpr (!shows_plain_ids<Traits>) {
            std::array<char, Traits::ids::max_size> text;
            if (whole) r.id.text = connection_texts::make({}, {text.data(), policies_.ids.encode(*id, text.data())});
            whole = whole && r.id.text != nullptr;
        }
        if (whole && has_texts) r.texts = connection_texts::make(info, {});
        if (!whole || (has_texts && r.texts == nullptr)) {
            if constexpr (!shows_plain_ids<Traits>) r.id.text.reset();
            std::lock_guard const lock{mutex_};
            table_.put_back(*s);
            return nullptr;
        }
        s->state.fetch_and(~(slot_state::was_open | slot_state::by_peer | slot_state::code_bits),
                           std::memory_order_relaxed);
        reasons_.forget(table_type::index_of(*s));
        s->id_first.store(id->first(), std::memory_order_relaxed);
        s->id_second.store(id->second(), std::memory_order_relaxed);
        // last: whoever sees a reserved slot must see whose it is
        s->state.fetch_or(slot_state::used | slot_state::session, std::memory_order_release);
        retain();
        return s;
    }

    /// The reserved connection opens: from the return of this on its id can be found.
    /// `info`, if given, takes the place of what it was reserved with. False: for lack of memory, that stays.
    [[nodiscard]] bool attach(slot_type& s, handle_type handle, connection_info const* info) {
        record_type& r = record(s);
        auto texts = info == nullptr ? connection_texts::pointer{} : connection_texts::make(*info, {});
        bool const whole = info == nullptr || texts != nullptr;
        if (texts != nullptr) r.texts = std::move(texts);
        ::new (static_cast<void*>(&r.handle.value)) handle_type(std::move(handle));
        std::int64_t const now = ticks(policies_.clock.steady());
        // whoever reads one of these for the time of the tombstone before has to see that the id is another
        r.opened.store(now, std::memory_order_release);
        r.connected_at.store(policies_.clock.wall(), std::memory_order_release);
        s.last_active.store(now, std::memory_order_release);
        s.state.fetch_or(slot_state::attached | slot_state::alive, std::memory_order_release);
        counters_.opened();
        if constexpr (has_on_open<typename Traits::hooks>) policies_.hooks.on_open(this->id_text(s), this->describe(s));
        this->note(connection_change::kind::opened, s); // before anything else that happens to it
        s.state.fetch_or(slot_state::open | slot_state::was_open, std::memory_order_seq_cst); // see `mail_room::queue`
        if (!is(s, slot_state::alive)) retire(s, 1006, {}, closed_by::peer); // the hook has said so
        arm(s);
        return whole;
    }

    /// Ends the life of an id. True for the one caller that did it.
    bool retire(slot_type& s, std::uint16_t code, std::string_view reason = {},
                closed_by by = closed_by::server) noexcept {
        std::uint64_t state = s.state.load(std::memory_order_relaxed);
        do {
            if ((state & (slot_state::open | slot_state::retiring)) != slot_state::open) return false;
        } while (!s.state.compare_exchange_strong(state, state | slot_state::retiring, std::memory_order_relaxed,
                                                  std::memory_order_relaxed));
        // by one caller only, and before it is closed, so that whoever finds it closed finds when
        s.last_active.store(ticks(policies_.clock.steady()), std::memory_order_relaxed);
        std::uint64_t const closed =
            std::uint64_t{code} << slot_state::code_shift | (by == closed_by::peer ? slot_state::by_peer : 0);
        std::uint64_t const gone = slot_state::open | slot_state::retiring | slot_state::code_bits;
        state = s.state.load(std::memory_order_relaxed);
        while (!s.state.compare_exchange_strong(state, (state & ~gone) | closed, std::memory_order_acq_rel,
                                                std::memory_order_relaxed)) {
        }
        if (options_.close_reasons && !reason.empty()) reasons_.set(table_type::index_of(s), reason);
        counters_.closed();
        this->note(connection_change::kind::closed, s, {}, code, reason, by);
        if constexpr (has_on_closed<typename Traits::hooks>) policies_.hooks.on_closed(this->id_text(s), code);
        return true;
    }

    /// A time that lies before the last one, a loop's cached one say, changes nothing.
    void touch(slot_type& s, time_point when) noexcept {
        std::int64_t const tick = ticks(when);
        if (tick > s.last_active.load(std::memory_order_relaxed)) s.last_active.store(tick, std::memory_order_relaxed);
    }

    // --------------------------------------------------------------------------------------------------- draining

    void begin_drain(std::chrono::milliseconds window) noexcept {
        std::int64_t const now = ticks(policies_.clock.steady());
        {
            std::lock_guard const lock{mutex_};
            drain_from_ = std::min(clamp(now), deadlines_.latest - 1);
            drain_window_ = std::min(clamp(window.count()), deadlines_.latest);
        }
        (void)this->visit(0, {}, [this](slot_type& s) {
            arm(s);
            return true;
        });
    }

    [[nodiscard]] bool draining() const noexcept {
        std::lock_guard const lock{mutex_};
        return is_draining();
    }

    /// Nothing but the hub itself is left: no session, and no task.
    [[nodiscard]] bool alone() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

    // -------------------------------------------------------------------------------------------------- deadlines

    /// Puts the connection's next deadline into the heap.
    void arm(slot_type& s) noexcept {
        bool earlier;
        {
            std::lock_guard const lock{mutex_};
            if (!is(s, slot_state::alive)) return;
            auto const before = deadlines_.earliest();
            std::uint64_t const when = deadline_of(s);
            deadlines_.set(table_type::index_of(s), when);
            note_first_due();
            earlier = when < (before ? before->when : deadlines_.latest);
        }
        if (earlier && on_deadline_earlier_) on_deadline_earlier_();
    }

    /// Every turn of every loop asks, so it takes no lock.
    [[nodiscard]] std::optional<time_point> next_deadline() const noexcept {
        std::uint64_t const first = first_due_.load(std::memory_order_relaxed);
        if (first >= deadlines_.latest) return std::nullopt;
        return epoch_ + std::chrono::milliseconds{static_cast<std::int64_t>(first)};
    }

    /// A connection whose deadline is over, pinned for the caller; nullptr when there is none left. No lock is taken when
    /// nothing can be due.
    [[nodiscard]] slot_type* take_expired(time_point now) noexcept {
        // what is never due stays out of reach, whatever time the caller gives
        std::uint64_t const tick = std::min(clamp(ticks(now)), deadlines_.latest - 1);
        if (first_due_.load(std::memory_order_relaxed) > tick) return nullptr;
        std::lock_guard const lock{mutex_};
        slot_type* const expired = first_expired(tick);
        note_first_due();
        return expired;
    }

    [[nodiscard]] static bool has_expired(slot_type& s, time_point now) noexcept {
        auto const& texts = record(s).texts;
        return texts != nullptr && texts->expires_at() <= now;
    }

    void disarm(slot_type& s) noexcept {
        std::lock_guard const lock{mutex_};
        deadlines_.remove(table_type::index_of(s));
        note_first_due();
    }

    [[nodiscard]] hub_metrics metrics() const noexcept { return counters_.sum(); }

    /// A send was asked for that reached no connection.
    void count_unreached(delivery result) noexcept { counters_.sent(result, 0); }

    void on_deadline_earlier(task wake) { on_deadline_earlier_ = std::move(wake); }

protected:
    using base::epoch_;
    using base::ids_;
    using base::mutex_;
    using base::options_;
    using base::policies_;
    using base::reasons_;
    using base::table_;
    using base::ticks;

    virtual ~hub_state() = default;

    /// The session's side of a close, after the id is retired and `alive` taken away.
    virtual void connection_lost(slot_type&) noexcept = 0;

    [[nodiscard]] Transport* transport() const noexcept { return transport_.load(std::memory_order_acquire); }

    cell<Traits, Transport*> transport_; // nullptr once the hub is destroyed
    hub_counters<Traits> counters_;

private:
    [[nodiscard]] static constexpr std::uint64_t clamp(std::int64_t t) noexcept {
        return t < 0 ? 0 : static_cast<std::uint64_t>(t);
    }

    /// Under the lock.
    void note_first_due() noexcept {
        auto const first = deadlines_.earliest();
        first_due_.store(first ? first->when : deadlines_.latest, std::memory_order_relaxed);
    }

    /// As `take_expired`. Under the lock.
    [[nodiscard]] slot_type* first_expired(std::uint64_t tick) noexcept {
        for (auto first = deadlines_.earliest(); first && first->when <= tick; first = deadlines_.earliest()) {
            slot_type& s = table_.used(first->slot);
            std::uint64_t const when = deadline_of(s);
            if (when > tick) {
                deadlines_.set(first->slot, when); // there was activity since it was put here
                continue;
            }
            // not due again before a close has had its time, whatever the caller does now
            deadlines_.set(first->slot, tick + std::max<std::uint64_t>(1, clamp(options_.closing_timeout.count())));
            this->pin(s);
            return &s;
        }
        return nullptr;
    }

    /// When the connection is to be looked at next. Under the lock.
    [[nodiscard]] std::uint64_t deadline_of(slot_type& s) const noexcept {
        record_type const& r = record(s);
        std::int64_t const last = s.last_active.load(std::memory_order_relaxed);
        std::int64_t when = static_cast<std::int64_t>(deadlines_.latest);
        auto const consider = [&](std::int64_t from, std::chrono::milliseconds length) {
            if (length.count() > 0 && length.count() < when - from) when = from + length.count();
        };
        if (!is(s, slot_state::open)) {
            consider(last, options_.closing_timeout); // of a retired id: when it was closed
            return clamp(when);
        }
        consider(last, options_.idle_timeout);
        consider(r.opened.load(std::memory_order_relaxed), options_.max_lifetime);
        if (r.texts != nullptr && r.texts->expires_at() != time_point::max()) {
            time_point const end = r.texts->expires_at(); // rounded up: before it, nothing has expired
            when = std::min(when, end < epoch_ ? 0 : std::chrono::ceil<std::chrono::milliseconds>(end - epoch_).count());
        }
        return std::min(clamp(when), drain_time_of(table_type::index_of(s)));
    }

    /// Under the lock.
    [[nodiscard]] bool is_draining() const noexcept { return drain_from_ != deadlines_.latest; }

    /// When a connection is to go because of `drain`. Any run of indices is spread evenly (by the golden ratio), so
    /// nobody need count who is open. Under the lock.
    [[nodiscard]] std::uint64_t drain_time_of(std::uint32_t index) const noexcept {
        std::uint64_t const share = static_cast<std::uint32_t>(index * 0x9E3779B9u) >> 16; // of 65,536
        return drain_from_ + (drain_window_ * share >> 16);
    }

    // ---------------------------------------------------------------------------------------------- session_owner

    [[nodiscard]] static slot_type& as_slot(void* s) noexcept { return *static_cast<slot_type*>(s); }

    [[nodiscard]] std::string_view session_id(void const* s) const noexcept override {
        return this->id_text(*static_cast<slot_type*>(const_cast<void*>(s)));
    }
    [[nodiscard]] std::string_view session_source_ip(void const* s) const noexcept override {
        auto const& texts = record(*static_cast<slot_type*>(const_cast<void*>(s))).texts;
        return texts == nullptr ? std::string_view{} : texts->source_ip();
    }
    void session_touched(void* s, time_point const* when) noexcept override {
        if (is(as_slot(s), slot_state::open)) touch(as_slot(s), when == nullptr ? policies_.clock.steady() : *when);
    }
    void session_written(void* s, std::uint64_t total) noexcept override {
        if constexpr (detail_concepts::reports_written<Transport>)
            record(as_slot(s)).bytes.written.store(total, std::memory_order_relaxed);
    }
    void session_closed(void* p, std::uint16_t code, std::string_view reason, closed_by by) noexcept override {
        slot_type& s = as_slot(p);
        std::uint64_t const before = s.state.fetch_and(~slot_state::alive, std::memory_order_acq_rel);
        if ((before & slot_state::alive) == 0) return;
        retain(); // a hook or a completion may destroy the session
        {
            pinned const held{*this, (this->pin(s), &s)};
            retire(s, code, reason, by);
            disarm(s);
            connection_lost(s);
        }
        release();
    }
    void session_destroyed(void* p) noexcept override {
        slot_type& s = as_slot(p);
        session_closed(p, 1006, {}, closed_by::peer);
        {
            pinned const held{*this, (this->pin(s), &s)};
            s.state.fetch_and(~slot_state::session, std::memory_order_seq_cst);
            connection_lost(s); // for those who have waited for it to open
        }
        release();
    }

    [[nodiscard]] tagging session_tagged(void* s, std::string_view tag) noexcept override {
        std::uint64_t const state = as_slot(s).state.load(std::memory_order_acquire); // reserved will do
        bool const ended = (state & (slot_state::was_open | slot_state::open)) == slot_state::was_open ||
                           (state & (slot_state::attached | slot_state::alive)) == slot_state::attached;
        return ended ? tagging::gone : this->add_tag(as_slot(s), tag);
    }
    bool session_untagged(void* s, std::string_view tag) noexcept override { return this->remove_tag(as_slot(s), tag); }

    cell<Traits, std::uint32_t> references_{1};
    deadline_heap<table_type> deadlines_{table_};
    cell<Traits, std::uint64_t> first_due_{deadline_heap<table_type>::latest}; // of what is in there
    std::uint64_t drain_from_ = deadline_heap<table_type>::latest; // that: not draining. Both under the lock
    std::uint64_t drain_window_ = 0;
    task on_deadline_earlier_;
};

}

#endif
