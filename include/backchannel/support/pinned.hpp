// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_PINNED_HPP
#define BACKCHANNEL_SUPPORT_PINNED_HPP

#include <backchannel/config.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A handle to an object that its server destroys when it likes, for servers that may be called from any thread.
///
/// Copies name the same object. `use` waits for any other thread that uses it. While it runs the object stays; `reset`,
/// called where the server says that it goes, waits for that. Both may be called within `use` on the same thread, as
/// servers do that run their close handler inline.
template <class T>
class pinned {
public:
    /// Names nothing.
    pinned() noexcept = default;

    /// The object must live until `reset` has returned.
    explicit pinned(T& object) : shared_{std::make_shared<state>(&object)} {}

    /// What `act(object)` returns, or `gone` if the object has gone.
    template <class R, class F>
    R use(R gone, F&& act) const {
        if (!shared_) return gone;
        std::lock_guard const lock{shared_->mutex};
        if (shared_->object == nullptr) return gone;
        return std::forward<F>(act)(*shared_->object);
    }

    /// The object goes: nobody uses it any more when this returns.
    void reset() const {
        if (!shared_) return;
        std::lock_guard const lock{shared_->mutex};
        shared_->object = nullptr;
    }

private:
    struct state {
        explicit state(T* o) noexcept : object{o} {}
        std::recursive_mutex mutex;
        T* object;
    };

    std::shared_ptr<state> shared_;
};

}

#endif
