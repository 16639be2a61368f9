// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: Transport::send_until must be callable as `backchannel::delivery send_until(handle const&,
#include <backchannel/concepts.hpp>

struct my_transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
#if defined(COMPILE_FAIL_CORRECTED)
    backchannel::delivery send_until(handle const&, backchannel::message const&, backchannel::time_point,
                                     backchannel::completion<backchannel::delivery>&) {
        return backchannel::delivery::accepted;
    }
#else
    backchannel::delivery send_until(handle const&, backchannel::message const&, backchannel::time_point,
                                     backchannel::completion<backchannel::delivery>) {
        return backchannel::delivery::accepted;
    }
#endif
};

static_assert(backchannel::check_transport<my_transport>());
