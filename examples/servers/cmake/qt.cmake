# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
find_package(Qt6 6.4...<6.5 QUIET COMPONENTS Core Network WebSockets HttpServer)
if(TARGET Qt6::HttpServer AND TARGET Qt6::WebSockets)
    backchannel_server_example(qt LIBRARIES Qt6::HttpServer Qt6::WebSockets Qt6::Network Qt6::Core)
else()
    set(missing "Qt 6.4, not a later one, with its WebSockets and HttpServer modules")
endif()
