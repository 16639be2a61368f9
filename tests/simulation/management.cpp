// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/management.hpp"

#include <backchannel/auth/sigv4.hpp>
#include <backchannel/management_router.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace simulation {

using namespace backchannel;

namespace {

struct virtual_sigv4_traits : default_sigv4_traits {
    using clock = virtual_clock;
    using mutex = virtual_mutex;
};

struct denial_hooks {
    world* w = nullptr;
    void on_denied(auth_decision const&, operation, std::string_view) noexcept {
        if (w->locks_held != 0) w->violation("called under a lock", "on_denied");
    }
};

struct virtual_router_traits : default_router_traits {
    using clock = virtual_clock;
    using hooks = denial_hooks;
};

/// Keys in a store that takes its time: it answers at once, later, elsewhere, never, or throws.
struct slow_keys {
    stage* on;
    faults_made* made;

    void async_find(std::string_view id, completion<std::optional<access_key>> done) {
        world& w = on->w;
        auto const owed = std::make_shared<completion<std::optional<access_key>>>(std::move(done));
        if (on->planted == plant::lost_completion && w.random.chance(100)) {
            kept_for_ever->push_back(owed);
            return;
        }
        if (on->happens(10)) {
            made->keys_failed = true;
            w.note("keys fail");
            if (w.random.chance(500)) throw std::runtime_error{"keys"};
            return;
        }
        auto answer = [owed, id, this] {
            on->book.check_no_lock("a key store's answer");
            on->w.note("key ", id);
            if (id == access_key_id)
                (*owed)(access_key{std::string{access_key_id}, std::string{secret_key}});
            else
                (*owed)(std::nullopt);
        };
        if (w.random.chance(300)) return answer();
        if (w.random.chance(500)) return w.post(w.any_loop(), answer);
        microseconds const delay = w.random.between(1, 30'000);
        w.after(delay, w.any_loop(), answer);
    }

    std::shared_ptr<std::vector<std::shared_ptr<completion<std::optional<access_key>>>>> kept_for_ever =
        std::make_shared<std::vector<std::shared_ptr<completion<std::optional<access_key>>>>>();
};

template <class Auth>
class management_of final : public management {
public:
    management_of(stage& s, audited_hub& hub, Auth auth)
        : router_{hub, std::move(auth), options(), virtual_clock{}, denial_hooks{&s.w}} {}

    bool owns(std::string_view target) override { return router_.owns(target); }
    bool waits() const noexcept override { return !has_authorize<Auth>; }
    response handle(request_view const& r) override {
        if constexpr (has_authorize<Auth>)
            return router_.handle(r).value();
        else
            return (void)r, response{500};
    }
    void async_handle(request_view const& r, answer_callback done) override {
        (void)router_.async_handle(r, std::move(done));
    }
    std::unique_ptr<arriving_request> begin(request_view const& head) override {
        return std::make_unique<arriving>(router_.begin(head));
    }

private:
    using router_type = management_router<Auth, virtual_router_traits>;

    struct arriving final : arriving_request {
        typename router_type::incoming inner;
        explicit arriving(typename router_type::incoming i) : inner{std::move(i)} {}
        void append(std::string_view piece) override { (void)inner.append(piece); }
        void refuse_as_too_large() override { inner.refuse_as_too_large(); }
        void finish(answer_callback done) override { inner.finish(std::move(done)); }
    };

    [[nodiscard]] static router_options options() {
        router_options o;
        o.stage = "prod";
        o.region = "us-east-1";
        o.max_body = max_body;
        return o;
    }

    router_type router_;
};

}

std::unique_ptr<management> make_management(bool keys_wait, stage& s, audited_hub& hub, faults_made& made) {
    if (keys_wait) {
        using auth = sigv4<slow_keys, virtual_sigv4_traits>;
        return std::make_unique<management_of<auth>>(s, hub, auth{slow_keys{&s, &made}});
    }
    using auth = sigv4<static_keys, virtual_sigv4_traits>;
    return std::make_unique<management_of<auth>>(
        s, hub, auth{static_keys{std::string{access_key_id}, std::string{secret_key}}});
}

}
