// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/concepts.hpp>

#include "support/catch.hpp"

#include <backchannel/management_router.hpp>
#include <backchannel/traits.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <type_traits>

namespace concepts_tests {

// What the concepts take and refuse, beyond the types of tests/exemplars; what a refusal says is in tests/compile_fail.

using namespace backchannel;

namespace {

template <class Handle, class Answer = delivery>
struct sender {
    using handle = Handle;
    Answer send(handle const&, message const&);
    void close(handle const&, std::uint16_t, std::string_view);
};

struct no_close {
    using handle = int;
    delivery send(handle const&, message const&);
    void close(handle const&);
};

struct buffers : sender<int> {
    std::size_t buffered(handle const&);
};
template <class Base, bool Own, bool Written, bool Unbounded>
struct says : Base {
    static constexpr bool bounds_itself = Own;
    static constexpr bool reports_written = Written;
    static constexpr bool unbounded = Unbounded;
};

/// One member called `ping` of every kind.
struct absent {};
struct as_function {
    void ping();
};
struct as_overloads {
    void ping(int);
    void ping(char);
};
struct as_template {
    template <class T>
    void ping(T);
};
struct as_static {
    [[maybe_unused]] static int ping;
};
struct as_data {
    int ping;
};
struct as_type {
    struct ping {};
};
class as_private {
    void ping();
};
struct inherited : as_function {};
struct last final {};
struct last_with_function final : as_function {};

struct throwing_clock {
    time_point steady() const;
    wall_time wall() const noexcept;
};
struct changing_clock {
    time_point steady() noexcept;
    wall_time wall() noexcept;
};

struct throwing_ids {
    static constexpr std::size_t max_size = 16;
    std::size_t encode(connection_id const&, char*) const noexcept;
    std::optional<connection_id> decode(std::string_view) const;
};
struct unmeasured_ids {
    std::size_t encode(connection_id const&, char*) const noexcept;
    std::optional<connection_id> decode(std::string_view) const noexcept;
};

struct needs_argument {
    explicit needs_argument(int);
    void lock();
    void unlock();
};

struct state {
    void append(std::string_view);
    void finish(completion<auth_decision>);
};
struct in_pieces {
    state begin(request_view const&, operation, std::string_view);
};
struct in_pieces_without_finish {
    struct unfinished {
        void append(std::string_view);
    };
    unfinished begin(request_view const&, operation, std::string_view);
};
struct answering {
    auth_decision authorize(request_view const&, operation, std::string_view);
};
struct answering_yes_or_no {
    bool authorize(request_view const&, operation, std::string_view);
};
struct answering_later {
    void async_authorize(request_view const&, operation, std::string_view, completion<auth_decision>);
};

struct without_a_type {
    static constexpr bool single_threaded = false;
};
struct unusable_types {
    using clock = throwing_clock;
    using mutex = needs_argument;
    using ids = throwing_ids;
    using hooks = int;
    using dialect = last;
};

struct hears_nothing {
    void on_open(std::string_view);
    void on_closed(std::string_view);
    void on_delivery(std::string_view);
    void on_denied(std::string_view);
};

}

TEST_CASE("a Transport's required members are told apart", "[concepts]") {
    STATIC_REQUIRE(has_handle<sender<std::shared_ptr<int>>>);
    STATIC_REQUIRE_FALSE(has_handle<sender<std::unique_ptr<int>>>);
    STATIC_REQUIRE_FALSE(has_handle<absent>);
    STATIC_REQUIRE(has_send<sender<int>>);
    STATIC_REQUIRE_FALSE(has_send<sender<int, bool>>);
    STATIC_REQUIRE_FALSE(has_send<sender<int, void>>);
    STATIC_REQUIRE(has_close<sender<int>>);
    STATIC_REQUIRE_FALSE(has_close<no_close>);
    STATIC_REQUIRE(has_buffered<buffers>);
    STATIC_REQUIRE_FALSE(has_buffered<sender<int>>);
}

TEST_CASE("a Transport says exactly one thing of its unsent bytes, and false says nothing", "[concepts]") {
    STATIC_REQUIRE(transport<says<sender<int>, true, false, false>>);
    STATIC_REQUIRE(transport<says<sender<int>, false, true, false>>);
    STATIC_REQUIRE(transport<says<sender<int>, false, false, true>>);
    STATIC_REQUIRE(transport<says<buffers, false, false, false>>);
    STATIC_REQUIRE_FALSE(transport<says<sender<int>, false, false, false>>);
    STATIC_REQUIRE_FALSE(transport<says<sender<int>, true, true, false>>);
    STATIC_REQUIRE_FALSE(transport<says<sender<int>, false, true, true>>);
    STATIC_REQUIRE_FALSE(transport<says<buffers, true, false, false>>);
    STATIC_REQUIRE_FALSE(transport<says<sender<int, bool>, true, false, false>>);
}

TEST_CASE("a member is noticed whatever its kind", "[concepts]") {
    STATIC_REQUIRE(detail_concepts::lacks<absent>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<as_function>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<as_overloads>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<as_template>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<as_static>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<as_data>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<as_type>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<as_private>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<inherited>(detail_concepts::ping));
    STATIC_REQUIRE(detail_concepts::lacks<as_function>(detail_concepts::terminate));
    STATIC_REQUIRE(detail_concepts::lacks<last>(detail_concepts::ping));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<last_with_function>(detail_concepts::ping));
    STATIC_REQUIRE(detail_concepts::lacks<last_with_function>(detail_concepts::terminate));
    STATIC_REQUIRE(detail_concepts::lacks<int>(detail_concepts::ping));
}

TEST_CASE("clocks and codecs must be const and must not throw, a mutex needs no argument", "[concepts]") {
    STATIC_REQUIRE(clock_source<system_clocks>);
    STATIC_REQUIRE_FALSE(clock_source<throwing_clock>);
    STATIC_REQUIRE_FALSE(clock_source<changing_clock>);
    STATIC_REQUIRE(id_codec<plain_ids>);
    STATIC_REQUIRE_FALSE(id_codec<throwing_ids>);
    STATIC_REQUIRE_FALSE(id_codec<unmeasured_ids>);
    STATIC_REQUIRE(basic_lockable<std::mutex>);
    STATIC_REQUIRE(basic_lockable<std::shared_mutex>);
    STATIC_REQUIRE_FALSE(basic_lockable<needs_argument>);
    STATIC_REQUIRE_FALSE(basic_lockable<absent>);
}

TEST_CASE("traits need every type, and each must do", "[concepts]") {
    STATIC_REQUIRE(has_clock<default_hub_traits>);
    STATIC_REQUIRE_FALSE(has_clock<without_a_type>);
    STATIC_REQUIRE_FALSE(has_clock<unusable_types>);
    STATIC_REQUIRE(has_mutex<default_hub_traits>);
    STATIC_REQUIRE_FALSE(has_mutex<without_a_type>);
    STATIC_REQUIRE_FALSE(has_mutex<unusable_types>);
    STATIC_REQUIRE(has_ids<default_hub_traits>);
    STATIC_REQUIRE_FALSE(has_ids<without_a_type>);
    STATIC_REQUIRE_FALSE(has_ids<unusable_types>);
    STATIC_REQUIRE(has_hooks<unusable_types>);
    STATIC_REQUIRE_FALSE(has_hooks<without_a_type>);
    STATIC_REQUIRE(says_single_threaded<without_a_type>);
    STATIC_REQUIRE_FALSE(says_single_threaded<absent>);
    STATIC_REQUIRE(has_dialect<default_router_traits>);
    STATIC_REQUIRE_FALSE(has_dialect<without_a_type>);
    STATIC_REQUIRE_FALSE(has_dialect<unusable_types>);
    STATIC_REQUIRE_FALSE(router_traits<default_hub_traits>);
    STATIC_REQUIRE_FALSE(hub_traits<default_router_traits>);
}

TEST_CASE("hooks of another signature are noticed, but are no hooks", "[concepts]") {
    STATIC_REQUIRE_FALSE(has_on_open<hears_nothing>);
    STATIC_REQUIRE_FALSE(has_on_closed<hears_nothing>);
    STATIC_REQUIRE_FALSE(has_on_delivery<hears_nothing>);
    STATIC_REQUIRE_FALSE(has_on_denied<hears_nothing>);
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<hears_nothing>(detail_concepts::on_open));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<hears_nothing>(detail_concepts::on_closed));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<hears_nothing>(detail_concepts::on_delivery));
    STATIC_REQUIRE_FALSE(detail_concepts::lacks<hears_nothing>(detail_concepts::on_denied));
    STATIC_REQUIRE(detail_concepts::lacks<no_hooks>(detail_concepts::on_open));
    STATIC_REQUIRE(detail_concepts::lacks<no_hooks>(detail_concepts::on_denied));
}

TEST_CASE("an authorizer answers in one of three ways", "[concepts]") {
    STATIC_REQUIRE(has_begin<in_pieces>);
    STATIC_REQUIRE_FALSE(has_begin<in_pieces_without_finish>);
    STATIC_REQUIRE(has_async_authorize<answering_later>);
    STATIC_REQUIRE_FALSE(has_async_authorize<answering>);
    STATIC_REQUIRE_FALSE(has_authorize<answering_yes_or_no>);
    STATIC_REQUIRE(authorizer<in_pieces>);
    STATIC_REQUIRE(authorizer<answering_later>);
    STATIC_REQUIRE(authorizer<answering>);
    STATIC_REQUIRE_FALSE(authorizer<answering_yes_or_no>);
    STATIC_REQUIRE_FALSE(authorizer<in_pieces_without_finish>);
    STATIC_REQUIRE_FALSE(authorizer<absent>);
}

}
