// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_REPORT_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_REPORT_HPP

#include "exchanges.hpp"
#include "settings.hpp"
#include "tools/load/results.hpp"

#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

namespace bench {

/// What one run has measured.
struct figures {
    std::uint64_t done = 0; ///< exchanges, or connections of mode connect
    std::int64_t began_ns = 0, elapsed_ns = 0;
    std::int64_t server_cpu_ns = 0, own_cpu_ns = 0;
    std::int64_t anonymous_bytes = 0; ///< of mode idle, all connections together
    load::latencies times{};
    faults wrong{};

    [[nodiscard]] std::int64_t each(std::int64_t of_all) const {
        return done == 0 ? 0 : of_all / static_cast<std::int64_t>(done);
    }
    [[nodiscard]] std::int64_t per_second() const {
        return elapsed_ns == 0
                   ? 0
                   : static_cast<std::int64_t>(static_cast<double>(done) * 1e9 / static_cast<double>(elapsed_ns));
    }
};

/// Writes `report(name, number)` for each fault.
template <class F>
void each_fault(faults const& f, F&& report) {
    report("refused", f.refused);
    report("unanswered", f.unanswered);
    report("lost", f.lost);
    report("stray", f.stray);
    report("doubled", f.doubled);
    report("altered", f.altered);
    report("disconnected", f.disconnected);
}

inline void print(settings const& s, figures& f) {
    if (s.json) {
        load::print_json([&](auto& json) {
            json.member("connections", s.connections).member("http", s.callers).member("pipeline", s.pipeline);
            json.member("payload", s.payload).member("signed", s.sign).member("done", f.done);
            json.member("per_second", f.per_second()).member("server_cpu_ns", f.each(f.server_cpu_ns));
            json.member("own_cpu_ns", f.each(f.own_cpu_ns)).member("anonymous_bytes", f.each(f.anonymous_bytes));
            f.times.write(json, "times");
            json.key("faults").begin_object();
            each_fault(f.wrong, [&](std::string_view name, std::uint64_t n) { json.member(name, n); });
            json.end_object();
        });
        return;
    }
    if (s.kind == mode::idle) {
        std::cout << s.connections << " idle connections: " << f.each(f.anonymous_bytes)
                  << " bytes of the server's memory each" << std::endl;
    } else {
        std::cout << f.done << " done, " << f.per_second() << "/s, server CPU "
                  << static_cast<double>(f.each(f.server_cpu_ns)) / 1000 << " us each, own CPU "
                  << static_cast<double>(f.each(f.own_cpu_ns)) / 1000 << " us each, p50 " << f.times.quantile(500)
                  << " us, p99 " << f.times.quantile(990) << " us" << std::endl;
    }
    each_fault(f.wrong, [](std::string_view name, std::uint64_t n) {
        if (n != 0) std::cout << "WRONG: " << n << " " << name << std::endl;
    });
}

}

#endif
