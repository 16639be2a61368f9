// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_HUB_DIRECTORY_HPP
#define BACKCHANNEL_HUB_HUB_DIRECTORY_HPP

#include <backchannel/hub/change_journal.hpp>
#include <backchannel/hub/close_reasons.hpp>
#include <backchannel/hub/id_source.hpp>
#include <backchannel/hub/record.hpp>
#include <backchannel/hub/send_memory.hpp>
#include <backchannel/hub/slot_table.hpp>
#include <backchannel/hub/tag_index.hpp>
#include <backchannel/hub_options.hpp>
#include <backchannel/traits.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Who is tracked, and what is known of each: slots, ids, tags, tombstones. How connections open, close and are due is in
/// `hub_state`.
template <class Transport, class Traits>
class hub_directory : public session_owner {
public:
    using record_type = connection_record<Transport, Traits>;
    using table_type = slot_table<Traits, record_type>;
    using slot_type = typename table_type::slot_type;
    using handle_type = typename Transport::handle;

    hub_directory(hub_directory const&) = delete;
    hub_directory& operator=(hub_directory const&) = delete;

    [[nodiscard]] bool ready() const noexcept { return table_.ready(); }
    [[nodiscard]] bool seed() noexcept { return ids_.seed(); }
    [[nodiscard]] bool holds() const noexcept { return options_.hold_before_open; }
    [[nodiscard]] time_point now() const noexcept { return policies_.clock.steady(); }

    /// A slot that cannot be recycled while this exists.
    class pinned {
    public:
        pinned(hub_directory& state, slot_type* s) noexcept : state_{state}, slot_{s} {}
        pinned(pinned const&) = delete;
        pinned& operator=(pinned const&) = delete;
        ~pinned() {
            if (slot_ != nullptr) state_.unpin(*slot_);
        }
        explicit operator bool() const noexcept { return slot_ != nullptr; }
        [[nodiscard]] slot_type& operator*() const noexcept { return *slot_; }

    private:
        hub_directory& state_;
        slot_type* slot_;
    };

    /// The open connection of that id.
    [[nodiscard]] pinned find_open(std::string_view id) noexcept { return {*this, pin_open(id)}; }

    /// The same, or one that is reserved and may open yet.
    [[nodiscard]] pinned find_open_or_reserved(std::string_view id) noexcept { return {*this, pin_open(id, true)}; }

    [[nodiscard]] std::optional<connection_id> decode(std::string_view text) const noexcept {
        return policies_.ids.decode(text);
    }

    /// What is remembered of an id that was open and is not; nothing if its slot has been used again since.
    [[nodiscard]] std::optional<tombstone> find_tombstone(connection_id const& id) const {
        slot_type* const s = table_.at(ids_.slot_of(id));
        if (s == nullptr || !s->has_id(id)) return std::nullopt;
        std::uint64_t const state = s->state.load(std::memory_order_acquire);
        if ((state & (slot_state::was_open | slot_state::open)) != slot_state::was_open) return std::nullopt;
        // by the wall clock of when it opened, so that the time is the same whenever it is asked for
        record_type const& r = record(*s);
        auto const lasted = std::chrono::milliseconds{s->last_active.load(std::memory_order_acquire) -
                                                      r.opened.load(std::memory_order_acquire)};
        tombstone found{r.connected_at.load(std::memory_order_acquire) + lasted,
                        static_cast<std::uint16_t>((state & slot_state::code_bits) >> slot_state::code_shift),
                        (state & slot_state::by_peer) != 0 ? closed_by::peer : closed_by::server,
                        reasons_.get(table_type::index_of(*s))};
        if (!s->has_id(id)) return std::nullopt;
        return found;
    }

    /// Calls `visit(slot&)` for the open connections with the tag (empty: for all), each pinned, from a position on and
    /// until it returns false. Returns the position behind that one; nullopt at the end.
    ///
    /// One that is open throughout keeps its position.
    template <class Visit>
    std::optional<std::uint32_t> visit(std::uint32_t from, std::string_view tag, Visit&& visit_one) {
        if (!tag.empty()) {
            for (auto some = tags_.members(tag, from); !some.empty(); some = tags_.members(tag, some.back().first + 1))
                for (auto const& [position, id] : some) {
                    pinned const held{*this, pin_open(id)};
                    if (held && !visit_one(*held)) return position + 1;
                }
            return std::nullopt;
        }
        for (std::uint32_t position = from; slot_type* const s = table_.at(position); ++position) {
            if (!is(*s, slot_state::open)) continue;
            pinned const held{*this, (pin(*s), s)};
            if (is(*s, slot_state::open) && !visit_one(*s)) return position + 1;
        }
        return std::nullopt;
    }

    [[nodiscard]] tagging add_tag(slot_type& s, std::string_view tag) noexcept {
        tagging const result = tags_.add({table_type::index_of(s), s.id()}, tag);
        if (result == tagging::done && is(s, slot_state::open)) note(connection_change::kind::tagged, s, tag);
        return result;
    }
    bool remove_tag(slot_type& s, std::string_view tag) noexcept {
        bool const had = tags_.remove(table_type::index_of(s), tag);
        if (had && is(s, slot_state::open)) note(connection_change::kind::untagged, s, tag);
        return had;
    }

    /// The changes of this hub, if they are kept. They may outlive it.
    [[nodiscard]] std::shared_ptr<change_journal> const& changes() const noexcept { return changes_; }

    [[nodiscard]] send_memory<Traits>& sends() noexcept { return sends_; }

    void pin(slot_type& s) noexcept { s.state.fetch_add(slot_state::pin, std::memory_order_acquire); }

    void unpin(slot_type& s) noexcept {
        std::uint64_t const before = s.state.fetch_sub(slot_state::pin, std::memory_order_acq_rel);
        if (slot_state::can_recycle(before - slot_state::pin)) recycle(s);
    }

    [[nodiscard]] static record_type& record(slot_type& s) noexcept { return table_type::record_of(s); }
    [[nodiscard]] static bool is(slot_type const& s, std::uint64_t bits) noexcept {
        return (s.state.load(std::memory_order_acquire) & bits) == bits;
    }

    [[nodiscard]] std::string_view id_text(slot_type& s) const noexcept {
        if constexpr (shows_plain_ids<Traits>) return {reinterpret_cast<char const*>(&s), connection_id::size};
        else return record(s).id.text->id();
    }

    [[nodiscard]] connection_state describe(slot_type& s) const {
        record_type const& r = record(s);
        auto const active = std::chrono::milliseconds{s.last_active.load(std::memory_order_relaxed) -
                                                      r.opened.load(std::memory_order_relaxed)};
        wall_time const connected_at = r.connected_at.load(std::memory_order_relaxed);
        connection_state shown{.connected_at = connected_at, .last_active_at = connected_at + active};
        shown.tags = tags_.tags_of(table_type::index_of(s));
        if (r.texts != nullptr) {
            shown.source_ip = r.texts->source_ip();
            shown.user_agent = r.texts->user_agent();
            shown.attributes = r.texts->attributes();
        }
        return shown;
    }

protected:
    hub_directory(hub_options const& options, hub_policies<Traits> policies)
        : options_{options}, policies_{std::move(policies)}, epoch_{policies_.clock.steady()},
          changes_{options.changes_kept == 0
                       ? nullptr
                       : std::make_shared<change_journal>(options.changes_kept, policies_.clock.wall())},
          table_{*this, options.max_connections, options.retired_kept} {}
    ~hub_directory() = default;

    /// Writes a change down, if that is done here. Without memory it is left out.
    void note(connection_change::kind what, slot_type& s, std::string_view tag = {}, std::uint16_t code = 0,
              std::string_view reason = {}, closed_by by = closed_by::peer) noexcept {
        if (changes_ == nullptr) return;
        connection_change change{.what = what, .at = policies_.clock.wall(), .code = code, .by = by};
        bool const whole = guarded([&] {
            change.id = id_text(s);
            change.reason = reason;
            if (what == connection_change::kind::opened) change.tags = tags_.tags_of(table_type::index_of(s));
            else if (!tag.empty()) change.tags.emplace_back(tag);
        });
        if (whole) changes_->add(std::move(change));
        else changes_->skip();
    }

    [[nodiscard]] std::int64_t ticks(time_point t) const noexcept {
        return t < epoch_ ? 0 : std::chrono::floor<std::chrono::milliseconds>(t - epoch_).count();
    }

    void recycle(slot_type& s) noexcept {
        std::uint64_t state = s.state.load(std::memory_order_acquire);
        do {
            if (!slot_state::can_recycle(state)) return;
        } while (!s.state.compare_exchange_strong(
            state, state & ~(slot_state::used | slot_state::attached | slot_state::alive | slot_state::closing),
            std::memory_order_acq_rel, std::memory_order_acquire));
        tags_.forget(table_type::index_of(s));
        record_type& r = record(s);
        if ((state & slot_state::attached) != 0) r.handle.value.~handle_type();
        r.texts.reset();
        if constexpr (!shows_plain_ids<Traits>) r.id.text.reset();
        if constexpr (has_dispatch<Transport>) delete r.mail.box.exchange(nullptr, std::memory_order_acq_rel);
        if constexpr (detail_concepts::reports_written<Transport>) {
            r.bytes.accepted.store(0, std::memory_order_relaxed);
            r.bytes.written.store(0, std::memory_order_relaxed);
        }
        std::lock_guard const lock{mutex_};
        table_.release(s);
    }

    hub_options const options_;
    hub_policies<Traits> policies_;
    mutable typename Traits::mutex mutex_{};
    time_point const epoch_;
    send_memory<Traits> sends_{policies_.clock, options_}; // outlives the mailboxes, which answer through it
    std::shared_ptr<change_journal> const changes_;
    table_type table_;
    id_source ids_;
    tag_index<Traits> tags_;
    close_reasons<Traits> reasons_;

private:
    [[nodiscard]] slot_type* pin_open(std::string_view text, bool or_reserved = false) noexcept {
        if constexpr (shows_plain_ids<Traits>) { // a text outside the syntax is in no slot, so it need not be checked first
            return text.size() == connection_id::size ? pin_open(connection_id::from_text(text), or_reserved) : nullptr;
        } else {
            auto const decoded = policies_.ids.decode(text);
            return decoded ? pin_open(*decoded, or_reserved) : nullptr;
        }
    }

    [[nodiscard]] slot_type* pin_open(connection_id const& id, bool or_reserved = false) noexcept {
        slot_type* const s = table_.at(ids_.slot_of(id));
        if (s == nullptr || !s->has_id(id)) return nullptr;
        std::uint64_t const before = s->state.fetch_add(slot_state::pin, std::memory_order_acquire);
        if (((before & slot_state::open) != 0 || (or_reserved && slot_state::is_reserved(before))) && s->has_id(id))
            return s;
        unpin(*s);
        return nullptr;
    }
};

}

#endif
