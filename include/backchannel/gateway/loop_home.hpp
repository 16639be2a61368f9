// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_LOOP_HOME_HPP
#define BACKCHANNEL_GATEWAY_LOOP_HOME_HPP

#include <backchannel/completion.hpp>
#include <backchannel/gateway/loop_door.hpp>
#include <backchannel/http.hpp>
#include <backchannel/support/guarded.hpp>

#include <memory>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Where the requests of a loop's clients go on, on whichever thread their authorizer has decided, see `has_home`; and
/// where their answers are dealt with. Given up is what finds the gateway gone, and for what there is no memory.
///
/// What the door comes with (the gateway, if it is a request) stays until the last of them has returned or is
/// destroyed: a request that goes on may be in the middle of the hub when it lets go of it.
class loop_home {
public:
    explicit loop_home(std::shared_ptr<loop_door> door) noexcept : door_{std::move(door)} {}

    /// Precondition: `f` does not destroy this.
    template <class F>
    void operator()(F f) const {
        if (door_->is_here())
            run(f);
        else
            (void)guarded([&] { door_->post(on_its_way<F>{door_, std::move(f)}); });
    }

private:
    /// `f` goes before what it uses, and nothing that it throws gets into the loop.
    template <class F>
    static void run(F& f) noexcept {
        F whole = std::move(f);
        (void)guarded(whole);
    }

    template <class F>
    struct on_its_way {
        std::shared_ptr<loop_door> door;
        F f;

        void operator()() {
            if (door->is_here()) run(f);
        }
    };

    std::shared_ptr<loop_door> door_;
};

/// A completion that goes on there.
struct homing_completion {
    loop_home where;
    completion<response> done;

    void operator()(response r) { done(std::move(r)); }
    [[nodiscard]] loop_home home() const noexcept { return where; }
};

}

#endif
