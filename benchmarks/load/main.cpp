// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// Load for a WebSocket gateway with a management API, and the cost of it: a closed loop of requests on one thread. A
// request is done only when its answer and all its effects have arrived, and every message that arrives is accounted
// for. Exit status 1: something was lost, doubled, altered, refused or came to somebody else.

#include "exchange_run.hpp"

#include <algorithm>
#include <iostream>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace {

using namespace bench;

/// Waits until the server does nothing any more, so that what it does for this run is not counted in the next.
void wait_until_idle(server_process const& server) {
    if (!server.known()) return;
    for (std::int64_t last = -1, now = server.cpu_ns(); now != last;) {
        last = now;
        ::timespec const pause{0, 50'000'000};
        ::nanosleep(&pause, nullptr);
        now = server.cpu_ns();
    }
}

/// The median of some rounds, each of which opens all connections.
figures connect_rounds(settings const& s, server_process const& server, receivers& sockets) {
    std::vector<figures> rounds;
    for (std::uint64_t round = 0; round != s.rounds; ++round) {
        wait_until_idle(server);
        std::int64_t const began = load::now_ns(), cpu = server.cpu_ns(), own = own_cpu_ns();
        sockets.open();
        figures f;
        f.done = s.connections;
        f.elapsed_ns = load::now_ns() - began;
        f.server_cpu_ns = server.cpu_ns() - cpu;
        f.own_cpu_ns = own_cpu_ns() - own;
        rounds.push_back(f);
        sockets.close();
    }
    std::sort(rounds.begin(), rounds.end(),
              [](figures const& a, figures const& b) { return a.server_cpu_ns < b.server_cpu_ns; });
    return rounds[rounds.size() / 2];
}

figures idle(settings const& s, server_process const& server, receivers& sockets) {
    if (!server.known()) load::refuse("--mode idle needs --server-pid");
    std::int64_t const before = server.anonymous_bytes();
    sockets.open();
    wait_until_idle(server);
    figures f;
    f.done = s.connections;
    f.anonymous_bytes = server.anonymous_bytes() - before;
    if (s.hold) {
        std::cout << "open" << std::endl;
        std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    }
    return f;
}

figures measure(settings const& s) {
    server_process const server{s.server};
    load::poller poller;
    bodies const contents{s.payload};
    receivers sockets{s, contents, poller};
    if (s.kind == mode::connect) return connect_rounds(s, server, sockets);
    if (s.kind == mode::idle) return idle(s, server, sockets);
    sockets.open();
    exchange_run run{s, server, contents, poller, sockets};
    return run.run();
}

void print_help() {
    std::cout << "load --port PORT [OPTION...]\n";
    for (load::option const& o : known_options) {
        std::cout << "  --" << o.name << (o.fallback == "off" ? "" : " VALUE") << "  " << o.text;
        if (!o.fallback.empty() && o.fallback != "off") std::cout << " [" << o.fallback << "]";
        std::cout << "\n";
    }
}

}

int main(int argc, char** argv) {
    std::span<char* const> const arguments{argv, static_cast<std::size_t>(argc)};
    if (argc == 2 && std::string_view{argv[1]} == "--help") return print_help(), 0;
    settings const s{load::options{known_options, arguments.subspan(1)}};
    load::allow_many_files();
    figures f = measure(s);
    print(s, f);
    return f.done != 0 && f.wrong.all() == 0 ? 0 : 1;
}
