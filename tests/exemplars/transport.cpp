// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// The smallest types that the comments of concepts.hpp show for a hub, just as they stand there.
#include <backchannel/connection_hub.hpp>

struct minimal_transport {
    using handle = int;                         // copyable; the hub never looks into it
    static constexpr bool bounds_itself = true; // send() answers backpressure when its queue is full
    backchannel::delivery send(handle const&, backchannel::message const&);
    void close(handle const&, std::uint16_t code, std::string_view reason);
};

backchannel::delivery minimal_transport::send(handle const&, backchannel::message const&) {
    return backchannel::delivery::accepted;
}
void minimal_transport::close(handle const&, std::uint16_t, std::string_view) {}

static_assert(backchannel::transport<minimal_transport>);
static_assert(backchannel::check_transport<minimal_transport>());
static_assert(!backchannel::has_dispatch<minimal_transport> && !backchannel::has_terminate<minimal_transport>);

template class backchannel::connection_hub<minimal_transport>;
template class backchannel::connection_hub<minimal_transport, backchannel::single_threaded_traits>;
