// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_PLANTS_HPP
#define BACKCHANNEL_TESTS_SIMULATION_PLANTS_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace simulation {

/// Bugs that can be put in on purpose, between the library and the simulated server, to see that they are found.
enum class plant : std::uint8_t {
    none,
    send_after_close,
    lost_deadline,
    late_deadline_wake,
    double_completion,
    lost_completion,
    wrong_loop,
    reordered,
    sent_twice,
    wrong_client,
    swallowed_loss,
    missing_closed_event,
    false_gone,
    stale_found,
    leaked_session,
    leaked_memory,
    unbounded_queue,
    answers_swapped,
    held_lock
};

struct plant_description {
    plant what;
    std::string_view name;
    std::array<std::string_view, 2> rules; ///< one of these must be what is found to be broken
};

inline constexpr std::array plants{
    plant_description{plant::send_after_close, "send-after-close", {"call after close"}},
    plant_description{plant::lost_deadline, "lost-deadline", {"deadline lost", "closing deadline lost"}},
    plant_description{plant::late_deadline_wake, "late-deadline-wake", {"deadline lost", "closing deadline lost"}},
    plant_description{plant::double_completion, "double-completion", {"completion called twice"}},
    plant_description{plant::lost_completion, "lost-completion", {"never completed"}},
    plant_description{plant::wrong_loop, "wrong-loop", {"completion on the wrong loop", "call on the wrong loop"}},
    plant_description{plant::reordered, "reordered", {"messages reordered"}},
    plant_description{plant::sent_twice, "sent-twice", {"message received twice"}},
    plant_description{plant::wrong_client, "wrong-client", {"message to the wrong client"}},
    plant_description{plant::swallowed_loss, "swallowed-loss", {"message lost without a closed event"}},
    plant_description{plant::missing_closed_event, "missing-closed-event", {"no closed event"}},
    plant_description{plant::false_gone, "false-gone", {"gone although open"}},
    plant_description{plant::stale_found, "stale-found", {"found although gone"}},
    plant_description{plant::leaked_session, "leaked-session", {"slots leaked", "memory leaked"}},
    plant_description{plant::leaked_memory, "leaked-memory", {"memory leaked"}},
    plant_description{plant::unbounded_queue, "unbounded-queue", {"queue over its limit"}},
    plant_description{plant::answers_swapped, "answers-swapped", {"answers out of order"}},
    plant_description{plant::held_lock, "held-lock", {"called under a lock"}},
};

[[nodiscard]] constexpr plant_description const* find_plant(std::string_view name) noexcept {
    for (plant_description const& p : plants)
        if (p.name == name) return &p;
    return nullptr;
}

}

#endif
