// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef EXAMPLES_SERVERS_COMMON_HPP
#define EXAMPLES_SERVERS_COMMON_HPP

// What the servers of this folder have in common, whatever they stand on: they listen on 127.0.0.1, on the port that is
// their only argument (8080; 0 picks one), tell each client its id and echo what it says.

#include <backchannel/auth/with_policy.hpp>
#include <backchannel/backchannel.hpp>
#include <backchannel/dialect/extensions.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

inline std::uint16_t port_argument(int argc, char** argv) {
    if (argc < 2) return 8080;
    char* end = nullptr;
    unsigned long const port = std::strtoul(argv[1], &end, 10);
    if (argc == 2 && *argv[1] != '\0' && *end == '\0' && port < 65536) return static_cast<std::uint16_t>(port);
    std::cerr << "usage: " << argv[0] << " [PORT], a number below 65536\n";
    std::exit(2);
}

inline backchannel::static_keys demo_keys() { return {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}; }

/// Whoever has signed may do everything.
struct all_granted {
    bool permits(backchannel::principal const&, backchannel::operation, std::string_view) const { return true; }
};

template <class Keys>
using demo_auth = backchannel::with_policy<backchannel::sigv4<Keys>, all_granted>;

template <class Keys>
demo_auth<Keys> signed_by(Keys keys) {
    return {backchannel::sigv4{std::move(keys), {.candidates = backchannel::sigv4_candidates::all}}, {}};
}

/// All that backchannel needs to be: a hub for the server's connections, and who may manage them.
template <class Transport, class Keys = backchannel::static_keys>
struct service {
    explicit service(Keys keys = demo_keys()) : router{hub, signed_by(std::move(keys)), {.stage = "prod"}} {}

    backchannel::connection_hub<Transport> hub{{}, {.close_reasons = true, .changes_kept = 1000}};
    backchannel::management_router<demo_auth<Keys>, backchannel::router_traits_for<backchannel::extended_dialect>>
        router;
};

inline std::string greeting(std::string_view id) { return "{\"connectionId\":\"" + std::string{id} + "\"}"; }

/// What stands behind the code in the payload of a client's close frame, for servers that hand that over as it is.
inline std::string_view reason_of(std::string_view payload) {
    return payload.size() < 2 ? std::string_view{} : payload.substr(2, 123);
}

/// For servers on Asio, Boost's or standalone.
template <class Timer, class Hub>
void expire_each_second(Timer& timer, Hub& hub) {
    timer.expires_after(std::chrono::seconds{1});
    timer.async_wait([&](auto const& error) {
        if (error) return;
        hub.expire(std::chrono::steady_clock::now());
        expire_each_second(timer, hub);
    });
}

inline void tell_port(unsigned port) { std::cout << "listening on http://127.0.0.1:" << port << "/prod" << std::endl; }

#endif
