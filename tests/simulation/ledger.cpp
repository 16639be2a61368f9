// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/ledger.hpp"

#include <algorithm>
#include <charconv>

namespace simulation {

using backchannel::message_kind;

// ------------------------------------------------------------------------------------------------------- connections

void ledger::on_open(std::string_view id) {
    check_no_lock("on_open");
    int const number = opening_[world_.current()];
    connection_entry& c = connection(number);
    world_.note("on_open ", number);
    if (c.opened || !by_id_.emplace(id, number).second) world_.violation("opened twice", id);
    c.id = id;
    c.opened = true;
    c.opened_at = world_.now();
    c.activity.push_back(world_.now());
}

void ledger::on_closed(std::string_view id, std::uint16_t code) {
    check_no_lock("on_closed");
    connection_entry* const c = find(id);
    if (c == nullptr) return world_.violation("closed before it was open", id);
    world_.note("on_closed ", c->number, " ", code);
    if (c->closed) world_.violation("closed twice", std::to_string(c->number));
    c->closed = true;
    c->closed_at = world_.now();
    c->waiting_bytes = 0;
    if (expiring != world_.current() || expiring == world::outside || c->session_ended || c->told_to_close ||
        (code != 1001 && code != 1008))
        return;
    auto const when = due_by_age(*c, expire_time);
    bool const aged = when && *when <= expire_time + 2000, expired = c->expires_at && *c->expires_at <= expire_time;
    if (!aged && !expired) world_.violation("expired before its time", std::to_string(c->number));
    if ((code == 1008) != expired) world_.violation("expired with the wrong code", std::to_string(code));
}

/// When the hub has to have closed an open connection for its age or idleness, judged by its activity until some time.
std::optional<microseconds> ledger::due_by_age(connection_entry const& c, microseconds at) const {
    std::optional<microseconds> when;
    auto const consider = [&](microseconds t) { when = std::min(when.value_or(t), t); };
    microseconds last = c.opened_at;
    for (microseconds const t : c.activity)
        if (t < at - 2000) last = t;
    if (options_.idle_timeout.count() > 0) consider(last + in_microseconds(options_.idle_timeout));
    if (options_.max_lifetime.count() > 0) consider(c.opened_at + in_microseconds(options_.max_lifetime));
    return when;
}

void ledger::check_deadlines() {
    int const tries = loses_tasks ? 5 : 1; // the hub tries again if the task that terminates is lost
    for (connection_entry& c : connections_) {
        if (c.opened && !c.closed && c.session_ended && world_.now() > c.ended_at + tolerance)
            return world_.violation("no closed event", std::to_string(c.number));
        if (!c.opened || c.session_ended) continue;
        if (!c.closed) {
            auto when = due_by_age(c, world_.now() + 4000);
            if (c.expires_at) when = std::min(when.value_or(*c.expires_at), *c.expires_at);
            if (when && world_.now() > *when + tolerance)
                return world_.violation("deadline lost", "connection " + std::to_string(c.number) +
                                                             " should have been closed at " + std::to_string(*when));
        } else if (options_.closing_timeout.count() > 0 && !c.terminated &&
                   world_.now() > c.closed_at + tries * in_microseconds(options_.closing_timeout) + tolerance) {
            return world_.violation("closing deadline lost",
                                    "connection " + std::to_string(c.number) + " was closed and still is there");
        }
    }
}

// ------------------------------------------------------------------------------------------------- calls of the
// transport

bool ledger::may_call(int number, std::string_view what) {
    check_no_lock(what);
    connection_entry const& c = connection(number);
    std::string_view const wrong = c.session_ended                          ? "after the session has ended"
                                   : c.told_to_close && what != "terminate" ? "after close"
                                                                            : "";
    if (wrong.empty()) return true;
    world_.violation("call after close",
                     std::string{what} + " of " + std::to_string(number) + " " + std::string{wrong});
    return false;
}

void ledger::told_to_close(int number) {
    connection_entry& c = connection(number);
    if (!c.closed) world_.violation("told to close while its id is open", std::to_string(number));
    c.told_to_close = true;
    if (!terminates) c.terminated = true;
}

void ledger::taken(std::string_view body, int number, std::size_t held_before) {
    ++deliveries_taken_;
    if (options_.sends_are_activity) active(number);
    message_entry* const m = message_of(body);
    if (m == nullptr) return world_.violation("message altered", "on its way to the transport");
    if (m->target != number) world_.violation("message to the wrong client", std::to_string(number));
    if (m->taken) world_.violation("message sent twice", std::to_string(number));
    if (m->what == message_entry::state::refused) world_.violation("sent although refused", std::to_string(number));
    m->taken = true;
    no_longer_waits(*m);
    if (held_before + body.size() > options_.queue_limit)
        world_.violation("queue over its limit", "connection " + std::to_string(number) + " holds " +
                                                     std::to_string(held_before + body.size()));
}

// ---------------------------------------------------------------------------------------------------------- messages

std::string ledger::compose(std::string_view id, std::size_t padding, bool binary) {
    connection_entry const* const target = find(id);
    message_entry m;
    m.number = static_cast<int>(messages_.size());
    m.target = target == nullptr ? -1 : target->number;
    m.kind = binary ? message_kind::binary : message_kind::text;
    m.body = "#" + std::to_string(messages_.size()) + "#";
    for (std::size_t i = 0; i != padding; ++i) m.body += static_cast<char>('a' + (messages_.size() + i) % 26);
    if (binary) m.body += '\xFF';
    messages_.push_back(m);
    return m.body;
}

message_entry* ledger::message_of(std::string_view body) {
    std::size_t number = 0;
    if (body.size() < 3 || body.front() != '#') return nullptr;
    auto const [end, wrong] = std::from_chars(body.data() + 1, body.data() + body.size(), number);
    if (wrong != std::errc{} || number >= messages_.size() || messages_[number].body != body) return nullptr;
    return &messages_[number];
}

ledger::call ledger::begin(std::string_view id, std::string_view body) {
    call c;
    c.target = find(id);
    c.was_closed = c.target != nullptr && c.target->closed;
    if (message_entry* const m = message_of(body)) {
        c.message = m->number;
        if (m->begin == 0) m->begin = ++moment_;
    } else {
        world_.violation("message altered", "on its way to the hub");
    }
    return c;
}

void ledger::end(call const& c, delivery result) {
    if (c.message < 0) return;
    message_entry& m = messages_[static_cast<std::size_t>(c.message)];
    world_.note("message ", c.message, " for ", m.target, ": ", static_cast<int>(result));
    known_as(c.target, c.was_closed, result != delivery::gone, "send");
    m.end = ++moment_;
    if (result == delivery::accepted) {
        m.what = message_entry::state::accepted;
        still_waits(c);
        return;
    }
    m.what = message_entry::state::refused;
    no_longer_waits(m);
    if (m.taken && result != delivery::unknown) world_.violation("sent although refused", m.body.substr(0, 10));
}

void ledger::still_waits(call const& c) {
    message_entry& m = messages_[static_cast<std::size_t>(c.message)];
    if (c.target == nullptr || c.target->closed || m.taken || m.waits || m.what == message_entry::state::refused)
        return;
    m.waits = true;
    c.target->waiting_bytes += m.body.size();
    if (c.target->waiting_bytes > options_.queue_limit)
        world_.violation("queue over its limit", "the hub keeps " + std::to_string(c.target->waiting_bytes));
}

void ledger::no_longer_waits(message_entry& m) {
    if (!std::exchange(m.waits, false)) return;
    connection_entry& c = connection(m.target);
    c.waiting_bytes -= std::min(c.waiting_bytes, m.body.size());
}

void ledger::received(int number, std::string_view body, message_kind kind) {
    message_entry* const m = message_of(body);
    if (m == nullptr) return world_.violation("message altered", "on its way to the client");
    int const which = m->number;
    world_.note("client ", number, " gets message ", which);
    if (m->target != number) return world_.violation("message to the wrong client", std::to_string(number));
    if (m->kind != kind) world_.violation("message altered", "its kind");
    if (m->received) world_.violation("message received twice", std::to_string(which));
    if (m->what == message_entry::state::refused) world_.violation("sent although refused", std::to_string(which));
    m->received = true;
    connection_entry& c = connection(number);
    if (m->end != 0 && m->end < c.latest_begin)
        world_.violation("messages reordered", "message " + std::to_string(which) + " comes behind a later one");
    c.latest_begin = std::max(c.latest_begin, m->begin);
}

void ledger::check_deliveries() {
    for (message_entry const& m : messages_) {
        if (m.what != message_entry::state::accepted || m.received) continue;
        connection_entry const& c = connection(m.target);
        if (!c.closed && c.reachable)
            return world_.violation("message lost without a closed event", m.body.substr(0, 10));
    }
}

// ------------------------------------------------------------------------------------------------------------ checks

void ledger::known_as(connection_entry const* c, bool was_closed, bool found, std::string_view what) {
    if (!found && c != nullptr && c->opened && !c->closed)
        world_.violation("gone although open", std::string{what} + " of " + std::to_string(c->number));
    if (found && (c == nullptr || was_closed))
        world_.violation("found although gone",
                         c == nullptr ? std::string{what} : std::string{what} + " of " + std::to_string(c->number));
}

void ledger::closed_by_call(connection_entry* c, bool was_closed, bool result) {
    known_as(c, was_closed, result, "close");
    if (result && ++c->closed_by_caller != 1) world_.violation("closed twice", "by callers of close");
}

void ledger::was_open_says(std::string_view id, bool said) {
    connection_entry const* const c = find(id);
    bool const was = c != nullptr && c->closed;
    if (said && !was) world_.violation("was_open is wrong", "it was not");
    if (said || !was) return;
    std::uint32_t others = 0; // whose slots became free behind its own; a task that waits can keep one for a moment
    for (connection_entry const& other : connections_)
        others += &other != c && other.opened && other.session_ended && other.ended_at + tolerance > c->closed_at;
    if (others < options_.retired_kept) world_.violation("was_open is wrong", "forgotten too early");
}

void ledger::check_answers() {
    for (answer_entry const& a : answers_)
        if (a.times == 0) return world_.violation("never completed", a.what);
    for (message_entry const& m : messages_)
        if (m.begin != 0 && m.what == message_entry::state::asked) return world_.violation("never completed", "a send");
}

void ledger::check_end() {
    check_answers();
    for (connection_entry const& c : connections_)
        if (c.opened && !c.closed) return world_.violation("no closed event", std::to_string(c.number));
    if (handles != 0) world_.violation("handles leaked", std::to_string(handles));
    if (deliveries_reported_ != deliveries_taken_)
        world_.violation("on_delivery is wrong", std::to_string(deliveries_reported_) + " reported, " +
                                                     std::to_string(deliveries_taken_) + " taken");
}

void ledger::count(std::size_t& accepted, std::size_t& received, std::size_t& opened) const {
    for (message_entry const& m : messages_) {
        accepted += m.what == message_entry::state::accepted;
        received += m.received;
    }
    for (connection_entry const& c : connections_) opened += c.opened;
}

}
