// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/completion.hpp>
#include <backchannel/message.hpp>
#include <backchannel/support/message_queue.hpp>
#include <backchannel/support/outbox.hpp>
#include <backchannel/support/pinned.hpp>

#include "support/at_once.hpp"
#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace threading_values_tests {

// A test for each row of docs/threading.md: completions, messages and what adapters are made of. An object that only
// one thread at a time may use is handed from thread to thread, or guarded by a lock of the test's.

using namespace backchannel;
using test::at_once;

namespace {

constexpr int threads = 3, rounds = 50;

/// `use(object)` on several threads at once, one at a time.
template <class Object, class Use>
void take_turns(Object& object, Use use) {
    std::mutex mutex;
    at_once(threads, [&](int t) {
        for (int i = 0; i != rounds; ++i) {
            std::lock_guard const lock{mutex};
            use(object, t);
        }
    });
}

}

TEST_CASE("completion::completion: made on one thread and called on another", "[threading]") {
    std::vector<completion<int>> made;
    std::atomic<int> sum{0};
    for (int t = 0; t != threads; ++t) made.emplace_back([&sum](int n) { sum += n; });
    at_once(threads, [&](int t) {
        completion<int> mine{std::move(made.at(static_cast<std::size_t>(t)))};
        mine(t + 1);
    });
    CHECK(sum == 1 + 2 + 3);
}

TEST_CASE("completion::~completion: what was not called is reported lost on the thread that ends it", "[threading]") {
    std::atomic<int> lost{0}, elsewhere{0};
    at_once(threads, [&](int) {
        auto const here = std::this_thread::get_id();
        auto made = std::make_unique<completion<delivery>>([&, here](delivery d) {
            lost += d == delivery::unknown;
            elsewhere += std::this_thread::get_id() != here;
        });
        made.reset();
    });
    CHECK(lost == threads);
    CHECK(elsewhere == 0);
}

TEST_CASE("completion::operator=: what was owed is reported lost on the thread that assigns", "[threading]") {
    std::atomic<int> lost{0}, good{0};
    at_once(threads, [&](int) {
        completion<delivery> owed{[&](delivery d) { lost += d == delivery::unknown; }};
        owed = [&](delivery d) { good += d == delivery::accepted; };
        owed(delivery::accepted);
    });
    CHECK(lost == threads);
    CHECK(good == threads);
}

TEST_CASE("completion::operator(), operator bool: called once, also if the callable destroys or refills it",
          "[threading]") {
    std::atomic<int> calls{0}, wrong{0};
    at_once(threads, [&](int) {
        auto held = std::make_unique<completion<int>>();
        *held = [&](int) {
            wrong += static_cast<bool>(*held);
            *held = [&](int) {
                held.reset();
                ++calls;
            };
            ++calls;
        };
        (*held)(1);
        wrong += !*held;
        (*held)(2);
        wrong += held != nullptr;
    });
    CHECK(calls == 2 * threads);
    CHECK(wrong == 0);
}

TEST_CASE("message::message, data, kind, frame, is_for_many: threads read one message at once", "[threading]") {
    message const m{"to all", message_kind::text};
    shared_message const all = m.share(true);
    message const many{all};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        message const copy = m;
        wrong += m.data() != "to all" || m.kind() != message_kind::text || m.is_for_many() ||
                 copy.data().data() != m.data().data();
        wrong += !many.is_for_many() || many.frame().substr(2) != "to all";
    });
    CHECK(wrong == 0);
}

TEST_CASE("message::share: threads keep what one message shows", "[threading]") {
    shared_message const whole = shared_message::copy_of("to all", message_kind::text);
    message const copied{"to all", message_kind::text}, shared{whole};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            wrong += copied.share().data() != "to all";
            wrong += shared.share().data().data() != whole.data().data();
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("shared_message::shared_message, ~shared_message: copies come and go on all threads", "[threading]") {
    auto first = std::make_unique<shared_message>(shared_message::copy_of(std::string(100, 'x'), message_kind::text));
    std::vector<shared_message> copies(threads, *first);
    std::atomic<int> wrong{0};
    at_once(threads + 1, [&](int t) {
        if (t == threads) return first.reset(); // the last one of all frees the bytes
        shared_message mine = std::move(copies.at(static_cast<std::size_t>(t)));
        for (int i = 0; i != rounds; ++i) {
            shared_message const again = mine;
            mine = again;
            wrong += mine.data() != std::string(100, 'x');
        }
    });
    CHECK(wrong == 0);
}

TEST_CASE("shared_message::copy_of, data, frame, kind, is_for_many, operator bool: threads read one block at once",
          "[threading]") {
    shared_message const m = shared_message::copy_of("x", message_kind::binary);
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        wrong +=
            !m || m.is_for_many() || m.data() != "x" || m.frame() != "\x82\x01x" || m.kind() != message_kind::binary;
        wrong += shared_message::copy_of("x", message_kind::text).frame() != "\x81\x01x";
    });
    CHECK(wrong == 0);
}

TEST_CASE("pinned::pinned: copies are made and used on all threads", "[threading]") {
    int object = 0;
    pinned<int> const first{object};
    std::atomic<int> wrong{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            pinned<int> const copy = first, nothing;
            wrong += !copy.use(false, [](int& o) { return ++o != 0; }) ||
                     nothing.use(true, [](int&) { return false; }) != true;
        }
    });
    CHECK(wrong == 0);
    CHECK(object == threads * rounds);
}

TEST_CASE("pinned::use: one thread at a time, and it may use the object again inside", "[threading]") {
    int object = 0;
    pinned<int> const handle{object};
    std::atomic<int> inside{0}, crowds{0};
    at_once(threads, [&](int) {
        for (int i = 0; i != rounds; ++i) {
            (void)handle.use(0, [&](int& o) {
                crowds += inside.fetch_add(1) != 0;
                handle.use(0, [](int& again) { return ++again; });
                inside.fetch_sub(1);
                return o;
            });
        }
    });
    CHECK(crowds == 0);
    CHECK(object == threads * rounds);
}

TEST_CASE("pinned::reset: whoever resets, nobody uses the object after it", "[threading]") {
    for (int round = 0; round != 20; ++round) {
        auto object = std::make_unique<int>(0);
        pinned<int> const handle{*object};
        std::atomic<int> resets{0}, late{0};
        at_once(threads, [&](int t) {
            if (t == 0) {
                while (resets == 0) (void)handle.use(false, [](int& o) { return ++o != 0; });
                late += handle.use(false, [](int&) { return true; });
                return;
            }
            handle.reset(); // twice at once
            if (resets.fetch_add(1) == 0) object.reset();
        });
        CHECK(resets == threads - 1);
        CHECK(late == 0);
    }
}

TEST_CASE("message_queue::size, empty, push, push_close, front, pop, take_close, clear: threads take turns",
          "[threading]") {
    message_queue queue;
    std::array<int, threads> popped{};
    take_turns(queue, [&](message_queue& q, int t) {
        (void)q.push({std::to_string(t), message_kind::text});
        if (q.size() < 10) return;
        while (!q.empty()) {
            ++popped.at(static_cast<std::size_t>(q.front().data().at(0) - '0'));
            q.pop();
        }
    });
    CHECK(popped[0] + popped[1] + popped[2] + static_cast<int>(queue.size()) == threads * rounds);
    queue.clear();
    std::atomic<int> closes{0};
    take_turns(queue, [&](message_queue& q, int t) {
        q.push_close(static_cast<std::uint16_t>(4000 + t), "bye");
        closes += q.take_close().has_value();
    });
    CHECK(closes == 1);
}

TEST_CASE("outbox::size, empty, kept, is_one_piece, tail, appended, append, append_by, gather, consume, clear: threads take turns",
          "[threading]") {
    outbox box;
    std::size_t in = 0, out = 0, wrong = 0;
    take_turns(box, [&](outbox& b, int t) {
        std::size_t const before = b.size();
        if (t == 0) {
            b.append("text");
            b.append(shared_message::copy_of("shared", message_kind::text));
        } else if (t == 1) {
            b.tail().append("tail");
            b.appended(4);
            b.append_by([](std::string& text) { return text.append("by").size() != 0; });
        }
        in += b.size() - before;
        wrong += b.empty() && b.kept() > 1024;
        if (t != 2 || b.empty()) return;
        std::array<std::string_view, 4> pieces;
        bool const is_one = b.is_one_piece();
        std::size_t const count = b.gather(pieces);
        wrong += is_one != (count == 1);
        std::size_t bytes = 0;
        for (std::size_t i = 0; i != count; ++i) bytes += pieces.at(i).size();
        b.consume(bytes);
        out += bytes;
    });
    CHECK(in == rounds * (4 + 8) + rounds * (4 + 2));
    CHECK(in == out + box.size());
    CHECK(wrong == 0);
    box.clear();
    CHECK(box.empty());
}

}
