// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_HUBS_HPP
#define BACKCHANNEL_TESTS_SIMULATION_HUBS_HPP

#include "simulation/transport.hpp"

#include <backchannel/connection_hub.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace simulation {

/// A hub, whatever its Transport and traits.
class any_hub {
public:
    virtual ~any_hub() = default;
    virtual std::optional<delivery> try_send(std::string_view id, backchannel::message const& m) = 0;
    virtual delivery send(std::string_view id, backchannel::message const& m) = 0;
    virtual void async_send(std::string_view id, backchannel::message const& m,
                            backchannel::completion<delivery> done) = 0;
    virtual bool close(std::string_view id, std::uint16_t code, std::string_view reason) = 0;
    virtual bool ping(std::string_view id, std::string_view payload) = 0;
    virtual std::optional<backchannel::connection_state> find(std::string_view id) = 0;
    virtual bool is_well_formed(std::string_view id) = 0;
    virtual bool was_open(std::string_view id) = 0;
    virtual std::optional<backchannel::time_point> next_deadline() = 0;
    virtual std::size_t expire(backchannel::time_point now) = 0;
    virtual void on_deadline_earlier(backchannel::task wake) = 0;
    virtual backchannel::session reserve(backchannel::connection_info const& info) = 0;
    virtual void attach(backchannel::session& s, handle h) = 0;
    virtual backchannel::session open(handle h, backchannel::connection_info info) = 0;
};

/// The kinds of hub that schedules are run with.
enum class hub_kind : std::uint8_t {
    keyed,   ///< tasks shared by the connections of a loop
    counted, ///< reports what was written; ids with a prefix
    hopping, ///< always by way of a task; tells what is buffered
    direct,  ///< called from any thread
    lone     ///< single-threaded
};
inline constexpr std::array hub_kind_names{"keyed", "counted", "hopping", "direct", "lone"};

[[nodiscard]] std::unique_ptr<any_hub> make_hub(hub_kind kind, stage& s, backchannel::hub_options const& options);

/// A hub whose every call is entered in the ledger, and where bugs are planted. What a router is given.
class audited_hub {
public:
    audited_hub(stage& s, std::unique_ptr<any_hub> inner) : on_{s}, inner_{std::move(inner)} {}

    /// What a router of AWS' dialect asks for; anything else is left unanswered.
    void execute(backchannel::command const& c, backchannel::completion<backchannel::outcome> done);

    std::optional<delivery> try_send(std::string_view id, backchannel::message const& m);
    delivery send(std::string_view id, backchannel::message const& m);
    void async_send(std::string_view id, backchannel::message const& m, backchannel::completion<delivery> done);
    bool close(std::string_view id, std::uint16_t code, std::string_view reason);
    void ping(std::string_view id, std::string_view payload);
    std::optional<backchannel::connection_state> find(std::string_view id);
    bool is_well_formed(std::string_view id) { return inner_->is_well_formed(id); }
    bool was_open(std::string_view id);
    void expire(int loop);
    [[nodiscard]] std::optional<backchannel::time_point> next_deadline() { return inner_->next_deadline(); }

    [[nodiscard]] any_hub& inner() noexcept { return *inner_; }
    void destroy() noexcept { inner_.reset(); }
    [[nodiscard]] bool exists() const noexcept { return inner_ != nullptr; }

    /// What a bug of the server's own would call when it does not ask the hub: the transport itself.
    void remember(std::string_view id, handle h) {
        if (on_.planted == plant::send_after_close) remembered_.emplace(id, std::move(h));
    }
    void forget_all() { remembered_.clear(); }

private:
    [[nodiscard]] std::string_view misled(std::string_view id);
    [[nodiscard]] bool errs(plant p, int chance) { return on_.planted == p && on_.w.random.chance(chance); }

    stage& on_;
    std::unique_ptr<any_hub> inner_;
    std::map<std::string, handle, std::less<>> remembered_;
};

}

#endif
