// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/hubs.hpp"

#include <memory>
#include <utility>

namespace simulation {

using namespace backchannel;

namespace {

struct auditing_hooks {
    stage* on = nullptr;
    void on_open(std::string_view id, connection_state const&) noexcept {
        on->book.on_open(id);
        on->w.preempt();
    }
    void on_closed(std::string_view id, std::uint16_t code) noexcept {
        on->book.on_closed(id, code);
        on->w.preempt();
    }
    void on_delivery(std::string_view, delivery d, std::size_t) noexcept {
        on->book.check_no_lock("on_delivery");
        on->book.on_delivery(d);
    }
};

/// Ids as a cluster's node might show them.
struct prefixed_ids {
    static constexpr std::string_view prefix = "n1.";
    static constexpr std::size_t max_size = prefix.size() + connection_id::size;

    std::size_t encode(connection_id const& id, char* out) const noexcept {
        std::size_t const n = prefix.copy(out, prefix.size());
        return n + id.text().copy(out + n, connection_id::size);
    }
    [[nodiscard]] std::optional<connection_id> decode(std::string_view text) const noexcept {
        if (!text.starts_with(prefix)) return std::nullopt;
        return plain_ids{}.decode(text.substr(prefix.size()));
    }
};

struct virtual_traits : default_hub_traits {
    using clock = virtual_clock;
    using mutex = virtual_mutex;
    using hooks = auditing_hooks;
};
struct prefixed_traits : virtual_traits {
    using ids = prefixed_ids;
};
struct lone_traits : single_threaded_traits {
    using clock = virtual_clock;
    using hooks = auditing_hooks;
};

template <class Transport, class Traits>
class hub_of final : public any_hub {
public:
    hub_of(stage& s, hub_options const& options)
        : hub_{transport_on(s), options, hub_policies<Traits>{{}, {}, auditing_hooks{&s}}} {}

    std::optional<delivery> try_send(std::string_view id, message const& m) override { return hub_.try_send(id, m); }
    delivery send(std::string_view id, message const& m) override { return hub_.send(id, m); }
    void async_send(std::string_view id, message const& m, completion<delivery> done) override {
        hub_.async_send(id, m, std::move(done));
    }
    bool close(std::string_view id, std::uint16_t code, std::string_view reason) override {
        return hub_.close(id, code, reason);
    }
    bool ping(std::string_view id, std::string_view payload) override {
        if constexpr (has_ping<Transport>)
            return hub_.ping(id, payload);
        else
            return (void)payload, hub_.find(id).has_value();
    }
    std::optional<connection_state> find(std::string_view id) override { return hub_.find(id); }
    bool is_well_formed(std::string_view id) override { return hub_.is_well_formed(id); }
    bool was_open(std::string_view id) override { return hub_.was_open(id); }
    std::optional<time_point> next_deadline() override { return hub_.next_deadline(); }
    std::size_t expire(time_point now) override { return hub_.expire(now); }
    void on_deadline_earlier(task wake) override { hub_.on_deadline_earlier(std::move(wake)); }
    session reserve(connection_info const& info) override { return hub_.reserve(info); }
    void attach(session& s, handle h) override { hub_.attach(s, std::move(h)); }
    session open(handle h, connection_info info) override { return hub_.open(std::move(h), std::move(info)); }

private:
    [[nodiscard]] static Transport transport_on(stage& s) {
        s.hops = has_dispatch<Transport>;
        s.bounds_itself = detail_concepts::bounds_itself<Transport>;
        s.counts_written = detail_concepts::reports_written<Transport>;
        s.book.terminates = has_terminate<Transport>;
        Transport t;
        t.on = &s;
        return t;
    }

    connection_hub<Transport, Traits> hub_;
};

}

std::unique_ptr<any_hub> make_hub(hub_kind kind, stage& s, hub_options const& options) {
    switch (kind) {
    case hub_kind::keyed:
        return std::make_unique<hub_of<keyed_transport, virtual_traits>>(s, options);
    case hub_kind::counted:
        return std::make_unique<hub_of<counted_transport, prefixed_traits>>(s, options);
    case hub_kind::hopping:
        return std::make_unique<hub_of<hopping_transport, virtual_traits>>(s, options);
    case hub_kind::direct:
        return std::make_unique<hub_of<direct_transport, virtual_traits>>(s, options);
    case hub_kind::lone:
        break;
    }
    return std::make_unique<hub_of<lone_transport, lone_traits>>(s, options);
}

}
