// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// The smallest clock, mutex, ids and hooks that the comments of concepts.hpp show, just as they stand there.
#include <backchannel/connection_hub.hpp>

struct minimal_clock {
    backchannel::time_point steady() const noexcept;
    backchannel::wall_time wall() const noexcept;
};

struct minimal_ids {
    static constexpr std::size_t max_size = 16;
    std::size_t encode(backchannel::connection_id const&, char* out) const noexcept;
    std::optional<backchannel::connection_id> decode(std::string_view text) const noexcept;
};

backchannel::time_point minimal_clock::steady() const noexcept { return {}; }
backchannel::wall_time minimal_clock::wall() const noexcept { return {}; }
std::size_t minimal_ids::encode(backchannel::connection_id const& id, char* out) const noexcept {
    return id.text().copy(out, max_size);
}
std::optional<backchannel::connection_id> minimal_ids::decode(std::string_view text) const noexcept {
    return backchannel::plain_ids{}.decode(text);
}

struct minimal_mutex {
    void lock();
    void unlock();
};
void minimal_mutex::lock() {}
void minimal_mutex::unlock() {}

struct one_hook {
    void on_closed(std::string_view, std::uint16_t) noexcept {}
};

struct minimal_traits : backchannel::default_hub_traits {
    using clock = minimal_clock;
    using mutex = minimal_mutex;
    using ids = minimal_ids;
    using hooks = one_hook;
};

struct other_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

static_assert(backchannel::clock_source<minimal_clock> && backchannel::id_codec<minimal_ids> &&
              backchannel::basic_lockable<minimal_mutex>);
static_assert(backchannel::hub_traits<minimal_traits>);
static_assert(backchannel::has_on_closed<one_hook> && !backchannel::has_on_open<one_hook>);

template class backchannel::connection_hub<other_transport, minimal_traits>;
