// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// Included after the library, in whichever form; ODR_USE is the function that this translation unit defines.
namespace odr::inline BACKCHANNEL_ABI {

struct transport {
    using handle = int*;
    static constexpr bool unbounded = true;
    backchannel::delivery send(handle const& h, backchannel::message const& m) {
        *h += static_cast<int>(m.data().size());
        return backchannel::delivery::accepted;
    }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

inline int sent_bytes() {
    backchannel::connection_hub<transport> hub;
    int bytes = 0;
    auto const tracked = hub.open(&bytes);
    return hub.send(tracked.id(), backchannel::message{"four", backchannel::message_kind::text}) ==
                   backchannel::delivery::accepted
               ? bytes
               : -1;
}

}

#define ODR_TEXT(x) #x
#define ODR_NAME(x) ODR_TEXT(x)

int ODR_USE(char const*& abi);
int ODR_USE(char const*& abi) {
    abi = ODR_NAME(BACKCHANNEL_ABI);
    return odr::sent_bytes();
}
