// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_MAIL_ROOM_HPP
#define BACKCHANNEL_HUB_MAIL_ROOM_HPP

#include <backchannel/hub/hop.hpp>
#include <backchannel/hub/lanes.hpp>
#include <backchannel/hub/transport_calls.hpp>

namespace backchannel::inline BACKCHANNEL_ABI {

/// On which thread something is done to a connection, and in which order.
///
/// Without `dispatch` the Transport is called right away. With it, a caller on the connection's own thread is served
/// right away too, after what waits in the mailbox; any other caller's wish goes into the mailbox, and one task for the
/// whole mailbox (or for all mailboxes of a loop, if there is `thread_key`) is dispatched. No lock is held while the
/// Transport, a hook or a completion runs.
template <class Transport, class Traits>
class mail_room final : public transport_calls<Transport, Traits> {
public:
    using base = transport_calls<Transport, Traits>;
    using typename base::record_type;
    using typename base::slot_type;
    using base::is;

    using base::base;

    // ------------------------------------------------------------------------------------------------ for the hub

    /// Sends to a pinned connection if the Transport may be called on this thread, now, and in order.
    /// With terms, `done` is taken over as `call_send` does it; `now` as there.
    [[nodiscard]] std::optional<delivery> try_send(slot_type& s, message const& m, send_terms const* terms = nullptr,
                                                   completion<delivery>* done = nullptr, time_point now = {}) {
        if (!may_call_now(s) || !drain(s)) return std::nullopt;
        if (!reserve_unsent(s, m.data().size())) return report(s, delivery::backpressure, m.data().size());
        return call_send(s, m, terms, done, now);
    }

    /// Leaves a message for the connection's thread. The answer is that thread's if the task ran inline.
    [[nodiscard]] delivery queue(slot_type& s, message const& m, send_terms const* terms = nullptr) noexcept {
        completion<delivery> nobody;
        inline_answer answer;
        delivery const result = enqueue_message(s, m, nobody, &answer, terms);
        return result == delivery::accepted ? answer.result : result;
    }

    /// Leaves a message for the connection's thread, which gives the answer. With `may_be_held` also for a connection
    /// that is reserved: it goes first when that opens, and is `gone` if it does not.
    ///
    /// Between that and the opening, either the one who leaves the message sees that the connection is open, or the one
    /// who opens it sees the mailbox with the message: each looks, in one order for all threads, after its own mark.
    void queue(slot_type& s, message const& m, completion<delivery> done, send_terms const* terms = nullptr,
               bool may_be_held = false) {
        delivery const result = enqueue_message(s, m, done, nullptr, terms, may_be_held);
        if (done) done(result);
    }

    /// The connection has just opened, on its own thread.
    void deliver_held(slot_type& s) {
        if constexpr (has_dispatch<Transport>)
            if (this->holds()) (void)drain(s);
    }

    /// Retires the id and closes the connection. False if another did that before.
    bool close(slot_type& s, std::uint16_t code, std::string_view reason) {
        if (!this->retire(s, code, reason)) return false;
        this->arm(s);
        if (!call_now(s, [&] { call_close(s, code, reason); }))
            enqueue(s, mail::kind::close, code, shared_message::copy_of(reason, message_kind::text));
        return true;
    }

    void ping(slot_type& s, std::string_view payload) {
        if (!call_now(s, [&] { call_ping(s, payload); }))
            enqueue(s, mail::kind::ping, 0, shared_message::copy_of(payload, message_kind::binary));
    }

    /// Drops a connection that did not answer a close.
    void terminate(slot_type& s) {
        if (!call_now(s, [&] { call_terminate(s); })) enqueue(s, mail::kind::terminate, 0, {});
    }

    /// The hub is being destroyed: ids retire, what waits is answered, and the Transport is not called again.
    void shut_down() noexcept {
        this->table_.for_each([&](slot_type& s) {
            typename base::pinned const held{*this, (this->pin(s), &s)};
            if (!is(s, slot_state::used)) return; // its session has just ended on another thread
            this->retire(s, 1001);
            connection_lost(s);
        });
        if (this->changes_ != nullptr) this->changes_->end();
        this->transport_.store(nullptr, std::memory_order_release);
        this->release();
    }

    // ------------------------------------------------------------------------------------------------- for tasks

    using lane_type = lane<Traits>;

    /// A task is for one mailbox, or for all that wait in a lane.
    struct load {
        slot_type* slot;
        lane_type* waiting;
    };

    void hop_arrived(load l) noexcept { serve(l, most_in_turn, [this](slot_type& s) { drain_scheduled(s); }); }
    void hop_dropped(load l) noexcept { serve(l, 1, [this](slot_type& s) { give_up(s); }); }

private:
    using mailbox_type = typename record_type::mailbox_type;
    using base::call_close;
    using base::call_ping;
    using base::call_send;
    using base::call_terminate;
    using base::can_be_called;
    using base::may_call_now;
    using base::record;
    using base::release_unsent;
    using base::report;
    using base::reserve_unsent;

    /// Where a send on this stack wants its answer, should `dispatch` run the task inline.
    struct inline_answer {
        mailbox_type* box = nullptr;
        std::uint64_t number = 0;
        delivery result = delivery::accepted;
    };
    static inline thread_local inline_answer* asking = nullptr;

    static constexpr int most_in_turn = 256; // mailboxes

    /// A lane that this stack is at work on.
    struct lane_turn {
        lane_type& of;
        bool again = false;
        lane_turn* outer;
    };
    static inline thread_local lane_turn* at_work = nullptr;

    /// Runs `f` right away if that is allowed and nothing waits before it.
    template <class F>
    [[nodiscard]] bool call_now(slot_type& s, F&& f) {
        if (!may_call_now(s) || !drain(s)) return false;
        f();
        return true;
    }

    // ------------------------------------------------------------------------------------------------ the mailbox

    [[nodiscard]] static mailbox_type* box_of(slot_type& s) noexcept {
        if constexpr (has_dispatch<Transport>) return record(s).mail.box.load(std::memory_order_seq_cst); // see `queue`
        else return nullptr;
    }

    /// Does all that waits, in order. False if more has come meanwhile, or a call further up this stack is at it.
    bool drain(slot_type& s) noexcept {
        mailbox_type* const box = box_of(s);
        return box == nullptr || drain(s, *box);
    }
    bool drain(slot_type& s, mailbox_type& box) noexcept {
        bool all = true;
        if constexpr (has_dispatch<Transport>) {
            std::unique_lock lock{box.mutex};
            if (box.draining) return false;
            box.draining = true;
            std::uint64_t const last = box.pushed; // what comes meanwhile waits for its own task
            while (auto m = box.mails.pop()) {
                lock.unlock();
                perform(s, box, *m);
                lock.lock();
                box.reserved -= m->cost();
                // nothing is on its way where `dispatch` ran the task right there: the rest is this one's, too
                if (m->number >= last && box.scheduled) break;
            }
            box.draining = false;
            all = box.mails.empty();
            if constexpr (has_buffered<Transport>) {
                lock.unlock();
                if (!can_be_called(s)) return all;
                std::size_t const held = this->transport()->buffered(record(s).handle.value);
                lock.lock();
                box.buffered = held;
            }
        }
        return all;
    }

    void drain_scheduled(slot_type& s) noexcept {
        if (mailbox_type* const box = box_of(s)) {
            {
                std::lock_guard const lock{box->mutex};
                box->scheduled = false;
            }
            (void)drain(s, *box);
        }
    }

    void perform(slot_type& s, mailbox_type& box, mail& m) noexcept {
        switch (m.what) {
        case mail::kind::close: return call_close(s, m.code, m.payload.data());
        case mail::kind::terminate: return call_terminate(s);
        case mail::kind::ping: return call_ping(s, m.payload.data());
        case mail::kind::send: break;
        }
        delivery result = delivery::backpressure;
        bool const fits = detail_concepts::reports_written<Transport> || reserve_unsent(s, m.payload.data().size());
        if (fits) result = call_send(s, m.payload, m.terms ? &*m.terms : nullptr, &m.done);
        else report(s, result, m.payload.data().size());
        if (tell(box, m, result) || result != delivery::backpressure) return;
        // it was promised, so the loss must show: the connection ends
        this->retire(s, 1013);
        this->arm(s);
        call_close(s, 1013, {});
    }

    /// Gives the answer to whoever still waits for it. False if the caller has been told `accepted` and left.
    static bool tell(mailbox_type& box, mail& m, delivery result) noexcept {
        if (m.done) {
            m.done(result);
            return true;
        }
        if (asking == nullptr || asking->box != &box || asking->number != m.number) return false;
        asking->result = result;
        return true;
    }

    [[nodiscard]] mailbox_type* make_box(slot_type& s) noexcept {
        if constexpr (has_dispatch<Transport>) {
            auto& place = record(s).mail.box;
            if (mailbox_type* const there = place.load(std::memory_order_seq_cst)) return there;
            auto* made = new (std::nothrow) mailbox_type;
            if (made == nullptr) return nullptr;
            mailbox_type* expected = nullptr;
            if (place.compare_exchange_strong(expected, made, std::memory_order_seq_cst, std::memory_order_acquire))
                return made;
            delete made;
            return expected;
        } else {
            return nullptr;
        }
    }

    /// Takes `done` only if the message was queued.
    [[nodiscard]] delivery enqueue_message(slot_type& s, message const& m, completion<delivery>& done,
                                           inline_answer* answer, send_terms const* terms,
                                           bool may_be_held = false) noexcept {
        mailbox_type* const box = make_box(s);
        if (box == nullptr) return report(s, delivery::unavailable, m.data().size());
        std::size_t const size = m.data().size(), cost = size + sizeof(mail), limit = this->options_.queue_limit;
        // what the Transport held when last seen may have left since: whoever waits for its thread's answer gets that
        bool const asks_owner = static_cast<bool>(done);
        auto const fits = [&] {
            std::size_t const buffered = asks_owner ? 0 : box->buffered;
            return size <= limit && buffered <= limit - size &&
                   (box->reserved == 0 || box->reserved + cost + buffered <= limit);
        };
        std::unique_lock lock{box->mutex};
        std::unique_ptr<mail> letter;
        if (fits()) { // only then is a copy worth making
            lock.unlock();
            letter.reset(new (std::nothrow) mail);
            if (letter != nullptr) letter->payload = m.share();
            if (letter == nullptr || !letter->payload) return report(s, delivery::unavailable, size);
            lock.lock();
        }
        bool waits_for_open = false;
        if (may_be_held) {
            std::uint64_t const state = s.state.load(std::memory_order_seq_cst);
            waits_for_open = slot_state::is_reserved(state);
            if (!waits_for_open && (state & slot_state::open) == 0) {
                lock.unlock();
                return report(s, delivery::gone, size);
            }
        }
        bool const reserved = letter != nullptr && fits() &&
                              (!detail_concepts::reports_written<Transport> || reserve_unsent(s, size));
        if (!reserved && (asks_owner || box->buffered == 0)) {
            lock.unlock();
            return report(s, delivery::backpressure, size);
        }
        if (reserved) {
            letter->number = ++box->pushed;
            letter->done = std::move(done);
            if (terms != nullptr) letter->terms = *terms;
            if (answer != nullptr) *answer = {box, letter->number, delivery::accepted};
            box->reserved += cost;
            box->mails.push(std::move(letter));
        }
        // also after a refusal, so that what the Transport holds is looked at again
        bool const first = !waits_for_open && !std::exchange(box->scheduled, true);
        lock.unlock();
        inline_answer* const outer = std::exchange(asking, answer);
        if (first) schedule(s);
        asking = outer;
        return reserved ? delivery::accepted : report(s, delivery::backpressure, size);
    }

    void enqueue(slot_type& s, mail::kind what, std::uint16_t code, shared_message payload) noexcept {
        if constexpr (has_dispatch<Transport>) {
            mailbox_type* const box = make_box(s);
            std::unique_ptr<mail> letter{box == nullptr ? nullptr : new (std::nothrow) mail};
            if (letter == nullptr) return; // the closing deadline will try again
            letter->what = what;
            letter->code = code;
            letter->payload = std::move(payload);
            std::unique_lock lock{box->mutex};
            if (what == mail::kind::ping && box->reserved + letter->cost() > this->options_.queue_limit) return;
            letter->number = ++box->pushed;
            box->reserved += letter->cost();
            box->mails.push(std::move(letter));
            bool const first = !std::exchange(box->scheduled, true);
            lock.unlock();
            if (first) schedule(s);
        }
    }

    /// Answers everything that waits for a connection that has gone.
    void connection_lost(slot_type& s) noexcept override { answer_all(s, delivery::gone); }

    /// The task could not be brought to the connection's thread.
    void give_up(slot_type& s) noexcept {
        if (mailbox_type* const box = box_of(s)) {
            {
                std::lock_guard const lock{box->mutex};
                box->scheduled = false;
            }
            if (answer_all(s, delivery::unavailable) && this->retire(s, 1006)) this->arm(s);
        }
    }

    /// True if a message was lost whose caller had been told that it was accepted.
    bool answer_all(slot_type& s, delivery result) noexcept {
        bool lost_promise = false;
        if (mailbox_type* const box = box_of(s)) {
            std::unique_lock lock{box->mutex};
            while (auto m = box->mails.pop()) {
                box->reserved -= m->cost();
                lock.unlock();
                if (m->what == mail::kind::send) {
                    release_unsent(s, m->payload.data().size());
                    report(s, result, m->payload.data().size());
                    lost_promise |= !tell(*box, *m, result);
                }
                lock.lock();
            }
        }
        return lost_promise;
    }

    // -------------------------------------------------------------------------------------------------- the hop

    [[nodiscard]] static void*& next_in_lane(void* s) noexcept { return box_of(*static_cast<slot_type*>(s))->next_in_lane; }

    /// The mailbox is marked as scheduled; a pin goes along with the task.
    void schedule(slot_type& s) noexcept {
        if constexpr (has_dispatch<Transport>) {
            this->pin(s);
            if constexpr (has_thread_key<Transport>) {
                if (lane_type* const l = lanes_.find(this->transport()->thread_key(record(s).handle.value))) {
                    typename base::pinned const held{*this, (this->pin(s), &s)}; // the lane's own pin may go first
                    if (l->push(&s, [](void* p) -> void*& { return next_in_lane(p); })) dispatch_hop(s, {nullptr, l});
                    return;
                }
            }
            dispatch_hop(s, {&s, nullptr});
        }
    }

    /// Does `act` for the mailbox of a task, or for up to `most` of its lane. The others of the lane get another task:
    /// the loop has more to serve, and where a task was dropped they may still be reached, through another handle.
    template <class F>
    void serve(load l, int most, F&& act) noexcept {
        auto const serve_one = [&](slot_type& s) {
            act(s);
            this->unpin(s);
        };
        if (l.waiting == nullptr) return serve_one(*l.slot);
        in_turns(*l.waiting, [&] {
            for (int n = 0; n != most; ++n) {
                auto* const s = static_cast<slot_type*>(l.waiting->pop([](void* p) { return next_in_lane(p); }));
                if (s == nullptr) return;
                serve_one(*s);
            }
            if (auto* const next = static_cast<slot_type*>(l.waiting->front())) {
                typename base::pinned const held{*this, (this->pin(*next), next)};
                dispatch_hop(*next, l);
            }
        });
    }

    /// Runs `turn`; once more if the task for that lane that it has dispatched was run or dropped right there, which
    /// must not become a recursion.
    template <class F>
    static void in_turns(lane_type& of, F&& turn) noexcept {
        for (lane_turn* t = at_work; t != nullptr; t = t->outer)
            if (&t->of == &of) return (void)(t->again = true);
        lane_turn here{of, false, at_work};
        at_work = &here;
        do {
            here.again = false;
            turn();
        } while (here.again);
        at_work = here.outer;
    }

    void dispatch_hop(slot_type& s, load l) noexcept {
        if constexpr (has_dispatch<Transport>) {
            hop<mail_room, load> const h{*this, l};
            if (!h) return hop_dropped(l);
            // a copy that dispatch destroys unrun, or that a throw destroys, reports itself as dropped
            if (this->transport() != nullptr)
                (void)guarded([&] { this->transport()->dispatch(record(s).handle.value, task{h}); });
        }
    }

    struct no_lanes {};
    template <class T>
    struct key_of {
        using type = no_lanes;
    };
    template <class T>
        requires has_thread_key<T>
    struct key_of<T> {
        using type = lane_set<Traits, std::remove_cvref_t<decltype(std::declval<T&>().thread_key(
                                          std::declval<typename T::handle const&>()))>>;
    };
    [[no_unique_address]] typename key_of<Transport>::type lanes_;
};

}

#endif
