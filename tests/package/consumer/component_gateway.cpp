// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/backchannel.hpp>

#include <asio.hpp>

#if !defined(ASIO_STANDALONE) || !defined(ASIO_NO_DEPRECATED)
#error "backchannel::gateway sets how Asio is used"
#endif

#if __has_include(<backchannel/gateway/gateway.hpp>)
#include <backchannel/gateway/gateway.hpp>
#endif

int main() {
    asio::io_context loop;
    int ran = 0;
    asio::post(loop, [&ran] { ++ran; });
    loop.run();
    return ran == 1 ? 0 : 1;
}
