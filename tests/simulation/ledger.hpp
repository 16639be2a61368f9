// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_LEDGER_HPP
#define BACKCHANNEL_TESTS_SIMULATION_LEDGER_HPP

#include "simulation/world.hpp"

#include <backchannel/hub_options.hpp>
#include <backchannel/message.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulation {

using backchannel::delivery;

/// What is known of one connection of the server, independently of the hub.
struct connection_entry {
    int number = 0;
    int home = 0; ///< its loop
    std::string id{};
    bool opened = false, closed = false; ///< the hooks have said so
    bool session_ended = false;          ///< the server has told the hub that the connection is gone
    bool told_to_close = false, terminated = false;
    bool reachable = true; ///< the client reads what it gets
    microseconds opened_at = 0, closed_at = 0, ended_at = 0;
    std::optional<microseconds> expires_at{};
    std::vector<microseconds> activity{};
    std::size_t waiting_bytes = 0;  ///< in the hub, on the way to the transport
    std::uint64_t latest_begin = 0; ///< of the messages that have arrived
    int closed_by_caller = 0;
};

/// One message for a client.
struct message_entry {
    enum class state : std::uint8_t { asked, accepted, refused };

    int number = 0;
    int target = -1; ///< its connection
    std::string body{};
    backchannel::message_kind kind{};
    state what = state::asked;
    std::uint64_t begin = 0, end = 0; ///< moments of the call and of its answer; 0: not yet
    bool taken = false;               ///< the transport has it
    bool waits = false;               ///< counted in `waiting_bytes`
    bool received = false;
};

/// The rules that every schedule must keep. It is told of all that happens at the hub's edges, and complains.
class ledger {
public:
    /// How late a deadline may be noticed: loops that are held up, and whole milliseconds.
    static constexpr microseconds tolerance = 150'000;

    ledger(world& w, backchannel::hub_options const& o) : world_{w}, options_{o} {}

    // ------------------------------------------------------------------------------------------------- connections

    [[nodiscard]] int add_connection(int home) {
        connections_.push_back({static_cast<int>(connections_.size()), home});
        return connections_.back().number;
    }
    [[nodiscard]] connection_entry& connection(int number) { return connections_[static_cast<std::size_t>(number)]; }
    [[nodiscard]] std::deque<connection_entry>& connections() noexcept { return connections_; }

    /// The connection of that id, or nullptr.
    [[nodiscard]] connection_entry* find(std::string_view id) {
        auto const found = by_id_.find(id);
        return found == by_id_.end() ? nullptr : &connection(found->second);
    }

    /// The hub is about to call `on_open` for this connection, on the current loop.
    void about_to_open(int number) { opening_[world_.current()] = number; }

    void on_open(std::string_view id);
    void on_closed(std::string_view id, std::uint16_t code);
    void on_delivery(delivery d) { deliveries_reported_ += d == delivery::accepted; }
    void session_ends(int number) {
        connection(number).session_ended = true;
        connection(number).ended_at = world_.now();
    }
    void active(int number) { connection(number).activity.push_back(world_.now()); }

    // ----------------------------------------------------------------------------------------- calls of the transport

    /// Whether the transport may be called for the connection, here and now.
    [[nodiscard]] bool may_call(int number, std::string_view what);
    void told_to_close(int number);
    void terminated(int number) { connection(number).terminated = true; }
    void taken(std::string_view body, int number, std::size_t held_before);

    // ---------------------------------------------------------------------------------------------------- messages

    /// A message for a connection; its body says which one it is.
    [[nodiscard]] std::string compose(std::string_view id, std::size_t padding, bool binary);

    /// A call that may send it.
    struct call {
        int message = -1;
        connection_entry* target = nullptr;
        bool was_closed = false; ///< before the call
    };
    [[nodiscard]] call begin(std::string_view id, std::string_view body);
    void end(call const& c, delivery result);
    void still_waits(call const& c); ///< the call has returned, and the answer is to come

    [[nodiscard]] bool was_accepted(std::string_view body) {
        message_entry const* const m = message_of(body);
        return m != nullptr && m->what == message_entry::state::accepted;
    }

    /// A client has got it.
    void received(int number, std::string_view body, backchannel::message_kind kind);

    // ------------------------------------------------------------------------------------------------- completions

    /// Somebody is owed an answer.
    [[nodiscard]] std::size_t expect_answer(std::string_view what) {
        answers_.push_back({std::string{what}, 0});
        return answers_.size() - 1;
    }
    void answered(std::size_t which) {
        if (++answers_[which].times != 1) world_.violation("completion called twice", answers_[which].what);
    }
    void check_no_lock(std::string_view where) {
        if (world_.locks_held != 0) world_.violation("called under a lock", where);
    }

    // -------------------------------------------------------------------------------------------------------- checks

    void known_as(connection_entry const* c, bool was_closed, bool found, std::string_view what);
    void closed_by_call(connection_entry* c, bool was_closed, bool result);
    void was_open_says(std::string_view id, bool said);
    void check_deadlines();
    void check_deliveries(); ///< everything has had its time
    void check_answers();    ///< nobody is owed one any more
    void check_end();        ///< everything is gone

    /// How much there was: messages accepted and received, connections opened.
    void count(std::size_t& accepted, std::size_t& received, std::size_t& opened) const;

    int expiring = world::outside; ///< the loop on which the hub's `expire` is under way
    microseconds expire_time = 0;  ///< what it was given
    bool terminates = false;       ///< the transport can drop a connection without a handshake
    bool loses_tasks = false;      ///< the executor may lose tasks, so answers may come from anywhere
    bool shutting_down = false;
    int handles = 0; ///< copies of handles that exist

private:
    struct answer_entry {
        std::string what;
        int times;
    };

    [[nodiscard]] message_entry* message_of(std::string_view body);
    [[nodiscard]] std::optional<microseconds> due_by_age(connection_entry const& c, microseconds at) const;
    void no_longer_waits(message_entry& m);
    [[nodiscard]] static microseconds in_microseconds(std::chrono::milliseconds t) { return t.count() * 1000; }

    world& world_;
    backchannel::hub_options const options_;
    std::deque<connection_entry> connections_; // entries stay where they are
    std::deque<message_entry> messages_;
    std::vector<answer_entry> answers_;
    std::map<std::string, int, std::less<>> by_id_;
    std::map<int, int> opening_; // by loop
    std::uint64_t moment_ = 0;
    std::size_t deliveries_reported_ = 0, deliveries_taken_ = 0;
};

}

#endif
