// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_TRANSPORT_CALLS_HPP
#define BACKCHANNEL_HUB_TRANSPORT_CALLS_HPP

#include <backchannel/hub/hub_state.hpp>
#include <backchannel/support/guarded.hpp>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The only places that call a Transport's members: on the connection's thread, after a fresh look at its state, and
/// with every throw caught. What waits for a connection is counted here as far as the Transport tells.
template <class Transport, class Traits>
class transport_calls : public hub_state<Transport, Traits> {
public:
    using base = hub_state<Transport, Traits>;
    using typename base::record_type;
    using typename base::slot_type;
    using base::is;

    using base::base;

protected:
    using base::record;

    [[nodiscard]] bool may_call_now(slot_type& s) noexcept {
        if constexpr (!has_dispatch<Transport>) return true;
        else if constexpr (has_on_thread<Transport>) return this->transport()->on_thread(record(s).handle.value);
        else return false;
    }

    /// The Transport is asked to send. The bytes are reserved. With terms, `done` is taken over by the Transport if the
    /// answer waits until the message is written. `now`: the time, where it has just been read for another.
    [[nodiscard]] delivery call_send(slot_type& s, message const& m, send_terms const* terms = nullptr,
                                     completion<delivery>* done = nullptr, time_point now = {}) {
        std::size_t const size = m.data().size();
        delivery result = delivery::gone;
        auto const send = [&] {
            auto const& handle = record(s).handle.value;
            if constexpr (has_send_until<Transport>) {
                completion<delivery> nobody;
                completion<delivery>& written = terms != nullptr && terms->when_written ? *done : nobody;
                if (terms != nullptr) return this->transport()->send_until(handle, m, terms->not_after, written);
            }
            return this->transport()->send(handle, m);
        };
        if (terms != nullptr && terms->not_after <= this->policies_.clock.steady()) {
            result = delivery::expired;
        } else if (can_be_called(s)) {
            if (!guarded([&] { result = send(); })) {
                // how much it has kept cannot be known: the connection ends, so that `gone` is true
                release_unsent(s, size);
                this->retire(s, 1011);
                call_terminate(s);
                return report(s, delivery::gone, size);
            }
        }
        if (result == delivery::gone) this->retire(s, 1006, {}, closed_by::peer);
        if (result != delivery::accepted) release_unsent(s, size);
        else if (this->options_.sends_are_activity && is(s, slot_state::open))
            this->touch(s, now == time_point{} ? this->now() : now);
        return report(s, result, size);
    }

    void call_close(slot_type& s, std::uint16_t code, std::string_view reason) noexcept {
        if (!can_be_called(s)) return;
        s.state.fetch_or(slot_state::closing, std::memory_order_acq_rel);
        (void)guarded([&] { this->transport()->close(record(s).handle.value, code, reason); });
    }

    void call_ping(slot_type& s, std::string_view payload) noexcept {
        if constexpr (has_ping<Transport>)
            if (can_be_called(s)) (void)guarded([&] { this->transport()->ping(record(s).handle.value, payload); });
    }

    void call_terminate(slot_type& s) noexcept {
        if (this->transport() == nullptr || !is(s, slot_state::alive)) return;
        bool const told = (s.state.fetch_or(slot_state::closing, std::memory_order_acq_rel) & slot_state::closing) != 0;
        if constexpr (has_terminate<Transport>)
            (void)guarded([&] { this->transport()->terminate(record(s).handle.value); });
        else if (!told)
            (void)guarded([&] { this->transport()->close(record(s).handle.value, 1011, std::string_view{}); });
    }

    /// The re-check on the owner's thread: the connection is still there and has not been told to close.
    [[nodiscard]] bool can_be_called(slot_type& s) const noexcept {
        std::uint64_t const state = s.state.load(std::memory_order_acquire);
        return this->transport() != nullptr && (state & (slot_state::alive | slot_state::closing)) == slot_state::alive;
    }

    [[nodiscard]] bool reserve_unsent(slot_type& s, std::size_t size) noexcept {
        if constexpr (detail_concepts::reports_written<Transport>) {
            auto& bytes = record(s).bytes;
            std::uint64_t const accepted = bytes.accepted.fetch_add(size, std::memory_order_relaxed) + size;
            std::uint64_t const written = bytes.written.load(std::memory_order_relaxed); // frame headers too, maybe
            if (written >= accepted || accepted - written <= this->options_.queue_limit) return true;
            release_unsent(s, size);
            return false;
        } else if constexpr (has_buffered<Transport>) {
            if (!can_be_called(s)) return true; // the send will say that it is gone
            std::size_t const buffered = this->transport()->buffered(record(s).handle.value);
            return size <= this->options_.queue_limit && buffered <= this->options_.queue_limit - size;
        } else {
            return true;
        }
    }

    void release_unsent(slot_type& s, std::size_t size) noexcept {
        if constexpr (detail_concepts::reports_written<Transport>)
            record(s).bytes.accepted.fetch_sub(size, std::memory_order_relaxed);
    }

    delivery report(slot_type& s, delivery result, std::size_t size) noexcept {
        this->counters_.sent(result, size);
        if constexpr (has_on_delivery<typename Traits::hooks>)
            this->policies_.hooks.on_delivery(this->id_text(s), result, size);
        return result;
    }
};

}

#endif
