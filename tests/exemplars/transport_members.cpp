// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// A Transport with every optional member, and one for each way to know its unsent bytes.
#include <backchannel/connection_hub.hpp>

struct required_members {
    using handle = int;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

struct complete_transport : required_members {
    std::size_t buffered(handle const&) { return 0; }
    void dispatch(handle const&, backchannel::task t) { t(); }
    bool on_thread(handle const&) { return true; }
    int thread_key(handle const&) { return 0; }
    void ping(handle const&, std::string_view) {}
    backchannel::delivery send_until(handle const&, backchannel::message const&, backchannel::time_point,
                                     backchannel::completion<backchannel::delivery>&) {
        return backchannel::delivery::backpressure;
    }
    void terminate(handle const&) {}
};

struct written_transport : required_members {
    static constexpr bool reports_written = true;
};

struct dispatching_written_transport : written_transport {
    void dispatch(handle const&, backchannel::task t) { t(); }
};

/// Takes its tasks as rvalues.
struct moving_transport : required_members {
    static constexpr bool bounds_itself = true;
    void dispatch(handle const&, backchannel::task&& t) { t(); }
    int thread_key(handle const&) { return 0; }
};

struct unbounded_transport final : required_members {
    static constexpr bool unbounded = true;
};

static_assert(backchannel::transport<complete_transport> && backchannel::transport<written_transport> &&
              backchannel::transport<unbounded_transport>);
static_assert(!backchannel::transport<required_members>);
static_assert(backchannel::has_dispatch<moving_transport> && backchannel::check_transport<moving_transport>());
static_assert(backchannel::has_dispatch<complete_transport> && backchannel::has_on_thread<complete_transport> &&
              backchannel::has_thread_key<complete_transport> && backchannel::has_buffered<complete_transport> &&
              backchannel::has_ping<complete_transport> && backchannel::has_send_until<complete_transport> &&
              backchannel::has_terminate<complete_transport>);

template class backchannel::connection_hub<complete_transport>;
template class backchannel::connection_hub<complete_transport, backchannel::single_threaded_traits>;
template class backchannel::connection_hub<written_transport>;
template class backchannel::connection_hub<dispatching_written_transport>;
template class backchannel::connection_hub<moving_transport>;
template class backchannel::connection_hub<unbounded_transport>;
