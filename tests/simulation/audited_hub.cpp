// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/hubs.hpp"

#include <utility>

namespace simulation {

using namespace backchannel;

/// Where the bug that sends to another client leads a message.
std::string_view audited_hub::misled(std::string_view id) {
    if (!errs(plant::wrong_client, 30)) return id;
    for (connection_entry const& c : on_.book.connections())
        if (c.opened && !c.closed && c.id != id) return c.id;
    return id;
}

void audited_hub::execute(command const& c, completion<outcome> done) {
    outcome o{delivery::gone};
    switch (c.what) {
    case command::kind::send: {
        if (c.wait == patience::owner)
            return async_send(c.id, *c.body, [done = std::move(done)](delivery d) mutable { done({d}); });
        auto const result = c.wait == patience::queued ? std::optional{send(c.id, *c.body)} : try_send(c.id, *c.body);
        o.result = result.value_or(delivery::unknown);
        o.deferred = !result;
        break;
    }
    case command::kind::find:
        o.state = find(c.id);
        if (o.state) o.result = delivery::accepted;
        break;
    case command::kind::close:
        if (close(c.id, c.frame.code, c.frame.reason)) o.result = delivery::accepted;
        break;
    case command::kind::explain:
        o.malformed = !is_well_formed(c.id);
        if (was_open(c.id)) o.closed.emplace();
        break;
    default:
        return;
    }
    done(std::move(o));
}

std::optional<delivery> audited_hub::try_send(std::string_view id, message const& m) {
    auto const c = on_.book.begin(id, m.data());
    auto const result = inner_->try_send(misled(id), m);
    if (result) on_.book.end(c, *result);
    return result;
}

delivery audited_hub::send(std::string_view id, message const& m) {
    auto const c = on_.book.begin(id, m.data());
    if (auto const known = remembered_.find(id); known != remembered_.end() && on_.w.random.chance(100)) {
        base_transport t{&on_};
        delivery const sent = t.send(known->second, m);
        on_.book.end(c, sent);
        return sent;
    }
    delivery result = inner_->send(misled(id), m);
    if (errs(plant::false_gone, 20)) result = delivery::gone;
    if (errs(plant::stale_found, 300) && result == delivery::gone) result = delivery::accepted;
    on_.book.end(c, result);
    return result;
}

void audited_hub::async_send(std::string_view id, message const& m, completion<delivery> done) {
    struct asked {
        audited_hub* self;
        ledger::call c;
        std::size_t answer;
        int caller;
        completion<delivery> done;
        bool returned = false, called = false;

        void call(delivery result) {
            stage& s = self->on_;
            s.book.answered(answer);
            if (std::exchange(called, true)) return;
            s.book.check_no_lock("a completion");
            int const loop = s.w.current();
            bool const there = !s.hops || (c.target != nullptr && loop == c.target->home);
            if (!there && (returned || loop != caller) && !s.book.loses_tasks && !s.book.shutting_down)
                s.w.violation("completion on the wrong loop", std::to_string(loop));
            s.book.end(c, result);
            s.w.preempt();
            done(result);
        }
    };
    auto const a = std::make_shared<asked>();
    a->self = this;
    a->c = on_.book.begin(id, m.data());
    a->answer = on_.book.expect_answer("async_send");
    a->caller = on_.w.current();
    a->done = std::move(done);
    bool const twice = errs(plant::double_completion, 50);
    int const held = errs(plant::held_lock, 50) ? 1 : 0;
    on_.w.locks_held += held;
    inner_->async_send(misled(id), m, [a, twice](delivery result) {
        a->call(result);
        if (twice) a->call(result);
    });
    on_.w.locks_held -= held;
    a->returned = true;
    if (!a->called) on_.book.still_waits(a->c);
}

bool audited_hub::close(std::string_view id, std::uint16_t code, std::string_view reason) {
    connection_entry* const c = on_.book.find(id);
    bool const was_closed = c != nullptr && c->closed;
    bool const result = inner_->close(id, code, reason);
    on_.book.closed_by_call(c, was_closed, result);
    return result;
}

void audited_hub::ping(std::string_view id, std::string_view payload) {
    connection_entry const* const c = on_.book.find(id);
    bool const was_closed = c != nullptr && c->closed;
    on_.book.known_as(c, was_closed, inner_->ping(id, payload), "ping");
}

std::optional<connection_state> audited_hub::find(std::string_view id) {
    connection_entry const* const c = on_.book.find(id);
    bool const was_closed = c != nullptr && c->closed;
    auto found = inner_->find(id);
    on_.book.known_as(c, was_closed, found.has_value(), "find");
    return found;
}

bool audited_hub::was_open(std::string_view id) {
    bool const result = inner_->was_open(id);
    on_.book.was_open_says(id, result);
    return result;
}

void audited_hub::expire(int loop) {
    on_.book.expiring = loop;
    on_.book.expire_time = on_.w.now();
    std::size_t const count = inner_->expire(on_.w.steady());
    on_.book.expiring = world::outside;
    on_.w.note("expire: ", count);
}

}
