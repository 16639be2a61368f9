// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/schedule.hpp"

#include "simulation/caller.hpp"
#include "simulation/listener.hpp"
#include "simulation/server.hpp"

#include <memory>
#include <utility>

namespace simulation {

using namespace backchannel;

namespace {

constexpr microseconds active_time = 2'500'000, calm_time = 1'500'000;

hub_options draw_options(random_source& r) {
    auto const milliseconds = [&](int zero, std::int64_t from, std::int64_t to) {
        return std::chrono::milliseconds{r.chance(zero) ? 0 : r.between(from, to)};
    };
    hub_options o;
    o.max_connections = static_cast<std::uint32_t>(r.between(2, 14));
    o.queue_limit = static_cast<std::size_t>(r.between(300, 8000));
    o.idle_timeout = milliseconds(200, 250, 1500);
    o.max_lifetime = milliseconds(400, 500, 3000);
    o.closing_timeout = milliseconds(100, 60, 400);
    o.retired_kept = static_cast<std::uint32_t>(r.between(0, 8));
    o.sends_are_activity = r.chance(700);
    return o;
}

/// One schedule: a hub and a router, a server around them, peers, and an application that uses the hub directly.
class schedule {
public:
    schedule(std::uint64_t seed, plant planted, std::size_t lines_kept)
        : w_{seed, lines_kept}, options_{draw_options(w_.random)}, book_{w_, options_}, stage_{w_, book_, planted} {
        auto& r = w_.random;
        kind_ = static_cast<hub_kind>(r.below(hub_kind_names.size()));
        bool const lone = kind_ == hub_kind::lone;
        w_.set_up({lone ? 1 : static_cast<std::size_t>(r.between(1, 4)),
                   lone || r.chance(300) ? 0 : int(r.between(5, 150)), r.chance(300) ? 5 : 0, 30'000});
        stage_.queue_limit = options_.queue_limit;
        stage_.throws = r.chance(300) ? 15 : 0;
        stage_.fails_inside = r.chance(300) ? 15 : 0;
        stage_.loses = r.chance(200) ? int(r.between(10, 150)) : 0;
        book_.loses_tasks = stage_.loses != 0;
        hub_ = std::make_unique<audited_hub>(stage_, make_hub(kind_, stage_, options_));
        keys_wait_ = r.chance(600);
        router_ = make_management(keys_wait_, stage_, *hub_, made_);
        server_ = std::make_unique<server>(stage_, *hub_, *router_, r.chance(400));
        server_->lifetimes = r.chance(300) ? 400 : 0;
        server_->drive_deadlines();
        w_.on_time_passes = [this] { book_.check_deadlines(); };
        make_peers();
        plan_application();
    }

    void run() {
        w_.run_until(active_time);
        w_.faults = false;
        w_.note("calm");
        for (auto& l : listeners_) l->calm_down();
        w_.run_until(active_time + calm_time);
        if (w_.log.failed()) return;
        book_.check_deliveries();
        book_.check_answers();
        for (auto& c : callers_) c->check_end();
        if (!w_.log.failed()) end();
    }

    /// What must go in this order even if a rule is broken.
    void clear() {
        book_.shutting_down = true;
        for (auto& c : callers_) c->leave();
        for (auto& l : listeners_) l->leave();
        hub_->forget_all();
        server_->drop_all();
        server_->leaked.clear();
        stage_.held_back = {};
        w_.drop_events();
        w_.drop_tasks();
        router_.reset(); // what its keys still owe is answered now, to the server
        server_.reset();
        hub_.reset();
        w_.on_time_passes = nullptr;
    }

    [[nodiscard]] std::string setting() const {
        return std::string{hub_kind_names[static_cast<std::size_t>(kind_)]} + " hub, " +
               std::to_string(w_.loop_count()) + " loops, " + std::to_string(listeners_.size()) + " clients, " +
               std::to_string(callers_.size()) + " callers, " + (keys_wait_ ? "keys that wait" : "static keys") +
               ", idle " + std::to_string(options_.idle_timeout.count()) + " ms, life " +
               std::to_string(options_.max_lifetime.count()) + " ms, closing " +
               std::to_string(options_.closing_timeout.count()) + " ms, queue " + std::to_string(options_.queue_limit);
    }

    [[nodiscard]] world& where() noexcept { return w_; }
    [[nodiscard]] ledger& book() noexcept { return book_; }

private:
    void make_peers() {
        auto& r = w_.random;
        for (auto n = r.between(2, 12); n != 0; --n) {
            listeners_.push_back(std::make_unique<listener>(stage_, *server_, network()));
            at_some_time([l = listeners_.back().get()] { l->start(); });
        }
        for (auto n = r.between(1, 5); n != 0; --n) {
            auto const requests = static_cast<std::size_t>(r.between(1, 14));
            callers_.push_back(std::make_unique<caller>(stage_, *server_, made_, network(), requests));
            at_some_time([c = callers_.back().get()] { c->start(); });
        }
        if (r.chance(100))
            at_some_time([this] {
                made_.wall_jumped = true;
                w_.jump_wall(w_.random.between(-86'400'000, 86'400'000));
            });
    }

    [[nodiscard]] wire::settings network() {
        auto& r = w_.random;
        return {static_cast<std::size_t>(r.between(100, r.chance(500) ? 600 : 16'000)), r.between(50, 20'000)};
    }

    void at_some_time(std::function<void()> f) {
        w_.after(w_.random.between(0, active_time * 3 / 4), world::outside, std::move(f));
    }

    // -------------------------------------------------------------------------------------- the application on the hub

    void plan_application() {
        for (auto n = w_.random.between(5, 60); n != 0; --n) plan([this] { act(); });
    }

    void plan(std::function<void()> f) {
        microseconds const when = w_.random.between(0, active_time);
        w_.after(when, w_.any_loop(), std::move(f));
    }

    void act() {
        auto& r = w_.random;
        if (server_->published.empty()) return;
        std::string const id = r.pick(server_->published);
        switch (std::size_t const what = r.below(20); what) {
        case 0:
            (void)hub_->close(id, 1000, "bye");
            break;
        case 1:
            hub_->ping(id, "x");
            break;
        case 2:
            (void)hub_->find(id);
            break;
        case 3:
            (void)hub_->was_open(id);
            break;
        case 4:
            hub_->expire(w_.current());
            break;
        default:
            for (auto n = r.chance(200) ? r.between(2, 12) : 1; n != 0; --n)
                send(r.chance(500) ? id : r.pick(server_->published), what);
        }
    }

    void send(std::string const& id, std::size_t how) {
        auto& r = w_.random;
        bool const binary = r.chance(200);
        std::size_t const size = r.below(r.chance(200) ? 3000 : 100);
        std::string const body = book_.compose(id, size, binary);
        message const m{body, binary ? message_kind::binary : message_kind::text};
        if (how < 9) {
            (void)hub_->send(id, m);
        } else if (how < 16) {
            hub_->async_send(id, m, [](delivery) {});
        } else if (auto const shared = shared_message::copy_of(body, m.kind()); !hub_->try_send(id, shared)) {
            (void)hub_->send(id, shared);
        }
    }

    // ----------------------------------------------------------------------------------------------------- the end

    void end() {
        auto& r = w_.random;
        w_.note("end");
        for (auto& c : callers_) c->leave();
        for (auto& l : listeners_) l->leave();
        hub_->forget_all();
        book_.shutting_down = true;
        w_.drop_events();
        if (r.chance(300)) { // with messages on their way
            for (int i = 0; i != 4; ++i)
                if (!server_->published.empty())
                    w_.as_loop(w_.any_loop(),
                               [&] { send(r.pick(server_->published), static_cast<std::size_t>(5 * i)); });
        }
        bool const hub_first = r.chance(300);
        if (r.chance(300)) w_.drop_tasks(); // the executor is stopped
        if (hub_first) {
            hub_->destroy();
            server_->drop_all();
            w_.run_until(w_.now() + 1000); // tasks of a hub that is gone
        } else {
            server_->drop_all();
            w_.run_until(w_.now() + 1000);
            check_slots();
            hub_->destroy();
        }
        w_.drop_tasks();
        if (!w_.log.failed()) book_.check_end();
    }

    void check_slots() {
        std::vector<session> all;
        for (std::uint32_t i = 0; i != options_.max_connections; ++i) all.push_back(hub_->inner().reserve({}));
        for (session const& s : all)
            if (!s) return w_.violation("slots leaked", "the hub has no room for as many connections as before");
        if (hub_->inner().reserve({})) w_.violation("slots leaked", "the hub has more room than before");
        if (hub_->next_deadline()) w_.violation("deadline lost", "there is one of nobody");
    }

    world w_;
    hub_options options_;
    ledger book_;
    stage stage_;
    faults_made made_;
    hub_kind kind_{};
    bool keys_wait_ = false;
    std::unique_ptr<audited_hub> hub_;
    std::unique_ptr<management> router_;
    std::unique_ptr<server> server_;
    std::vector<std::unique_ptr<listener>> listeners_;
    std::vector<std::unique_ptr<caller>> callers_;
};

}

result run_schedule(std::uint64_t seed, plant planted, std::size_t lines_kept) {
    result out;
    seed_entropy(seed);
    std::int64_t const before = live_allocations();
    {
        auto const s = std::make_unique<schedule>(seed, planted, lines_kept);
        s->run();
        s->clear();
        world& w = s->where();
        out.hash = w.log.hash();
        s->book().count(out.messages, out.received, out.connections);
        if (w.log.failed() || lines_kept != 0) {
            out.rule = w.log.rule();
            out.detail = w.log.detail();
            out.setting = s->setting();
            out.trace.assign(w.log.trace().begin(), w.log.trace().end());
            return out;
        }
    }
    if (std::int64_t const left = live_allocations() - before; left != 0) {
        out.rule = "memory leaked";
        out.detail = std::to_string(left) + " allocations";
    }
    return out;
}

}
