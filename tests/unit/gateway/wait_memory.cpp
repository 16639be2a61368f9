// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/wait_memory.hpp>

#include "support/catch.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace gateway_wait_memory_tests {

using backchannel::wait_handler;
using backchannel::wait_memory;

namespace {

struct waiter {
    void add(int n, int m) { sum += n * m; }

    wait_memory memory{};
    int sum = 0;

    [[nodiscard]] bool has(void const* there) const {
        std::less_equal<void const*> const up_to{};
        return up_to(this, there) && up_to(there, this + 1);
    }
};

}

TEST_CASE("the memory is for one at a time, and others get theirs elsewhere", "[wait_memory]") {
    waiter w;
    wait_memory::allocator<int> const any{w.memory};
    auto a = any;
    int* const first = a.allocate(10);
    int* const second = a.allocate(10);
    CHECK(w.has(first));
    CHECK_FALSE(w.has(second));
    a.deallocate(first, 10);
    int* const third = a.allocate(20);
    CHECK(third == first);
    a.deallocate(third, 20);
    a.deallocate(second, 10);
    int* const large = a.allocate(1000);
    CHECK_FALSE(w.has(large));
    a.deallocate(large, 1000);
}

TEST_CASE("a handler keeps its object, and knows its memory also when it was moved from", "[wait_memory]") {
    auto object = std::make_shared<waiter>();
    using handler = wait_handler<waiter, &waiter::memory, &waiter::add>;
    handler from{object};
    handler const to{std::move(from)};
    CHECK(from.get_allocator() == to.get_allocator()); // Asio asks so where a wait throws
    CHECK(to.get_allocator().memory == &object->memory);
    to(2, 3);
    CHECK(object->sum == 6);
    std::weak_ptr<waiter> const watched = object;
    object.reset();
    CHECK_FALSE(watched.expired());
}

}
