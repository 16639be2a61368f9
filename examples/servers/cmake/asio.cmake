# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
if(TARGET backchannel::gateway)
    backchannel_server_example(asio LIBRARIES backchannel::gateway)
else()
    set(missing "standalone Asio")
endif()
