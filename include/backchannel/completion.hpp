// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_COMPLETION_HPP
#define BACKCHANNEL_COMPLETION_HPP

#include <backchannel/connection.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The value that a completion reports when it is destroyed without having been called.
///
/// Specialise `value()` for types whose default constructed value would say something else than "not known".
template <class T>
struct lost {
    static T value() { return T{}; }
};

template <>
struct lost<delivery> {
    static delivery value() noexcept { return delivery::unknown; }
};

/// A move-only callback that is called exactly once.
///
/// Whoever holds it calls it once with the result; destroyed uncalled it reports `lost<T>::value()`, so that no caller
/// waits for ever. Callables of up to six pointers that move without throwing need no allocation. Not thread-safe: one
/// thread at a time. The callable must not throw.
template <class... T>
class completion {
public:
    completion() noexcept = default;

    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, completion> && std::is_invocable_v<std::decay_t<F>&, T...>)
    completion(F&& f) { // implicit: a lambda is what callers write
        using callable = std::decay_t<F>;
        if constexpr (fits<callable>) {
            ::new (static_cast<void*>(storage_)) callable(std::forward<F>(f));
            operations_ = &inline_operations<callable>;
        } else {
            ::new (static_cast<void*>(storage_)) callable*(new callable(std::forward<F>(f)));
            operations_ = &heap_operations<callable>;
        }
    }

    completion(completion&& other) noexcept : operations_{std::exchange(other.operations_, nullptr)} {
        if (operations_ != nullptr) operations_->move(other.storage_, storage_);
    }

    completion& operator=(completion&& other) noexcept {
        if (this != &other) {
            abandon();
            operations_ = std::exchange(other.operations_, nullptr);
            if (operations_ != nullptr) operations_->move(other.storage_, storage_);
        }
        return *this;
    }

    ~completion() { abandon(); }

    /// Whether a call is still owed.
    explicit operator bool() const noexcept { return operations_ != nullptr; }

    /// Reports the result. Precondition: a call is still owed.
    void operator()(T... values) {
        operations const* const held = std::exchange(operations_, nullptr);
        struct cleanup { // the callable may destroy the object that holds this completion, so it leaves first
            operations const* table;
            alignas(std::max_align_t) std::byte storage[capacity];
            ~cleanup() { table->destroy(storage); }
        } own{held, {}};
        held->move(storage_, own.storage);
        held->call(own.storage, std::forward<T>(values)...);
    }

private:
    static constexpr std::size_t capacity = 6 * sizeof(void*);

    struct operations {
        void (*call)(void*, T&&...);
        void (*move)(void* from, void* to) noexcept; // leaves nothing behind in `from`
        void (*destroy)(void*) noexcept;
    };

    template <class F>
    static constexpr bool fits = sizeof(F) <= capacity && alignof(F) <= alignof(std::max_align_t) &&
                                 std::is_nothrow_move_constructible_v<F>;

    template <class F>
    static constexpr operations inline_operations{
        [](void* f, T&&... values) { (*static_cast<F*>(f))(std::forward<T>(values)...); },
        [](void* from, void* to) noexcept {
            ::new (to) F(std::move(*static_cast<F*>(from)));
            static_cast<F*>(from)->~F();
        },
        [](void* f) noexcept { static_cast<F*>(f)->~F(); }};

    template <class F>
    static constexpr operations heap_operations{
        [](void* f, T&&... values) { (**static_cast<F**>(f))(std::forward<T>(values)...); },
        [](void* from, void* to) noexcept { ::new (to) F*(*static_cast<F**>(from)); },
        [](void* f) noexcept { delete *static_cast<F**>(f); }};

    void abandon() noexcept {
        if (operations_ != nullptr) (*this)(lost<std::remove_cvref_t<T>>::value()...);
    }

    operations const* operations_ = nullptr;
    alignas(std::max_align_t) std::byte storage_[capacity];
};

/// A completion of a request that says where the request goes on when an authorizer has decided that takes its time.
///
/// `home()` returns a function object that calls what it is given once, now or later and on whichever thread it likes;
/// or destroys it, and `done` with it, which gives the request up. It is kept until that call returns. Neither throws.
template <class F>
concept has_home = requires(F const& done) { done.home()([] {}); };

/// `done.home()`; right here, if `done` does not say.
template <class F>
[[nodiscard]] auto home_of(F const& done) {
    if constexpr (has_home<F>) return done.home();
    else return [](auto f) { f(); };
}

}

#endif
