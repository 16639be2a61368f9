// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_SETTINGS_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_SETTINGS_HPP

#include "tools/load/websocket.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

inline constexpr load::option known_options[]{
    {"port", "", "of the server"},
    {"host", "127.0.0.1", "its IPv4 address"},
    {"path", "/prod", "of the WebSockets; the management API is below it"},
    {"sources", "1", "addresses 127.0.0.1 and on to connect from; one per 10,000 connections is enough"},
    {"mode", "post",
     "post, get, delete, broadcast, latency (a post at a time), connect (handshake until the id is known) or idle"},
    {"connections", "1", "WebSockets"},
    {"http", "8", "HTTP connections that are kept"},
    {"pipeline", "1", "requests in flight on each of them"},
    {"payload", "64", "bytes of a message, at least 16"},
    {"sign", "off", "requests are signed (SigV4; host;x-amz-date)"},
    {"verify", "off", "every byte that is delivered is compared"},
    {"duration", "3000", "milliseconds to measure"},
    {"warm-up", "500", "milliseconds before that"},
    {"count", "0", "exactly so many requests, without warm-up; 0: as many as fit in the duration"},
    {"rounds", "5", "of mode connect"},
    {"concurrency", "128", "handshakes at the same time"},
    {"patience", "10000", "milliseconds without any progress after which what is missing is lost"},
    {"server-pid", "0", "process whose CPU time and memory are measured; 0: none"},
    {"hold", "off", "mode idle: prints `open`, and stays until its standard input ends"},
    {"json", "off", "one line of JSON"},
};

enum class mode : std::uint8_t { post, get, del, broadcast, connect, idle };

struct settings {
    explicit settings(load::options const& given)
        : where{load::target_of(given)}, authority{given.text("host") + ":" + given.text("port")},
          path{given.text("path") == "/" ? "" : given.text("path")}, kind{mode_of(given.text("mode"))},
          connections{given.number("connections", 1, 1'000'000)}, callers{given.number("http", 1, 10'000)},
          pipeline{given.number("pipeline", 1, 10'000)}, payload{given.number("payload", 16, 1 << 24)},
          sign{given.flag("sign")}, verify{given.flag("verify")}, duration_ns{milliseconds(given, "duration")},
          warm_up_ns{milliseconds(given, "warm-up")}, count{given.number("count")}, rounds{given.number("rounds", 1)},
          concurrency{given.number("concurrency", 1)}, patience_ns{milliseconds(given, "patience")},
          server{static_cast<int>(given.number("server-pid"))}, hold{given.flag("hold")}, json{given.flag("json")} {
        if (given.text("mode") == "latency") callers = pipeline = 1;
        if (kind == mode::del) count = count == 0 ? connections : std::min(count, connections);
    }

    load::target where;
    std::string authority, path;
    mode kind;
    std::size_t connections, callers, pipeline, payload;
    bool sign, verify;
    std::int64_t duration_ns, warm_up_ns;
    std::uint64_t count, rounds;
    std::size_t concurrency;
    std::int64_t patience_ns;
    int server;
    bool hold, json;

private:
    [[nodiscard]] static std::int64_t milliseconds(load::options const& given, std::string_view name) {
        return static_cast<std::int64_t>(given.number(name, 0, 100'000'000)) * 1'000'000;
    }

    [[nodiscard]] static mode mode_of(std::string const& name) {
        if (name == "post" || name == "latency") return mode::post;
        if (name == "get") return mode::get;
        if (name == "delete") return mode::del;
        if (name == "broadcast") return mode::broadcast;
        if (name == "connect") return mode::connect;
        if (name == "idle") return mode::idle;
        load::refuse("--mode: expected post, get, delete, broadcast, latency, connect or idle, got '" + name + "'");
    }
};

}

#endif
