// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// Runs random schedules of a simulated server until one breaks a rule. A seed names a schedule: it always is the same.
#include "simulation/schedule.hpp"

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

using namespace simulation;

namespace {

constexpr char usage[] = "usage: simulation [--seed N] [--schedules N] [--plant NAME] [--trace N]\n"
                         "  --seed N       the first schedule's seed (1)\n"
                         "  --schedules N  how many; each has the next seed (1000)\n"
                         "  --plant NAME   put a bug in, and succeed if it is found\n"
                         "  --trace N      print the last N lines of each schedule\n"
                         "bugs:";

struct options {
    std::uint64_t seed = 1, schedules = 1000, trace = 0;
    plant_description const* planted = nullptr;
};

[[nodiscard]] bool read_number(std::string_view text, std::uint64_t& out) {
    auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
    return wrong == std::errc{} && end == text.data() + text.size();
}

/// What is wrong with the command line, empty if nothing is.
[[nodiscard]] std::string read(int count, char** arguments, options& out) {
    for (int i = 1; i < count; i += 2) {
        std::string const name = arguments[i];
        bool const number = name == "--seed" || name == "--schedules" || name == "--trace";
        if (!number && name != "--plant") return "unknown option " + name;
        if (i + 1 == count) return name + " needs a value";
        std::string const value = arguments[i + 1];
        if (number) {
            if (!read_number(value, name == "--seed" ? out.seed : name == "--trace" ? out.trace : out.schedules))
                return name + " needs a number, not " + value;
        } else if (out.planted = find_plant(value); out.planted == nullptr) {
            return "--plant: there is no bug of the name " + value;
        }
    }
    return {};
}

void print(std::uint64_t seed, result const& r) {
    std::printf("seed %" PRIu64 ": %s\n", seed, r.setting.c_str());
    for (std::string const& line : r.trace) std::printf("  %s\n", line.c_str());
    if (!r.rule.empty()) std::printf("BROKEN: %s: %s\n", r.rule.c_str(), r.detail.c_str());
}

[[nodiscard]] bool is_expected(plant_description const& p, std::string_view rule) {
    for (std::string_view const r : p.rules)
        if (!r.empty() && r == rule) return true;
    return false;
}

/// Runs until the bug is found, by a rule that it breaks.
int hunt(options const& o) {
    for (std::uint64_t i = 0; i != o.schedules; ++i) {
        result const r = run_schedule(o.seed + i, o.planted->what, o.trace);
        if (!is_expected(*o.planted, r.rule)) continue;
        std::printf("found in schedule %" PRIu64 ", seed %" PRIu64 ": %s: %s\n", i + 1, o.seed + i, r.rule.c_str(),
                    r.detail.c_str());
        return 0;
    }
    std::printf("%s was not found in %" PRIu64 " schedules\n", std::string{o.planted->name}.c_str(), o.schedules);
    return 1;
}

int run(options const& o) {
    result total;
    std::uint64_t hash = 0;
    for (std::uint64_t i = 0; i != o.schedules; ++i) {
        result const r = run_schedule(o.seed + i, plant::none, o.trace);
        hash = hash * 0x100000001B3u ^ r.hash;
        if (!r.rule.empty()) {
            constexpr std::size_t shown = 80; // the same schedule again, with its trace
            print(o.seed + i, run_schedule(o.seed + i, plant::none, o.trace != 0 ? o.trace : shown));
            std::printf("BROKEN in schedule %" PRIu64 ": %s: %s\nagain with: simulation --seed %" PRIu64
                        " --schedules 1\n",
                        i + 1, r.rule.c_str(), r.detail.c_str(), o.seed + i);
            return 1;
        }
        if (o.trace != 0) print(o.seed + i, r);
        total.connections += r.connections;
        total.messages += r.messages;
        total.received += r.received;
    }
    std::printf("seed %" PRIu64 ": %" PRIu64 " schedules, %zu connections, %zu messages accepted, %zu received, trace "
                "%016" PRIx64 "\n",
                o.seed, o.schedules, total.connections, total.messages, total.received, hash);
    return 0;
}

}

int main(int count, char** arguments) {
    options o;
    if (std::string const wrong = read(count, arguments, o); !wrong.empty()) {
        std::fprintf(stderr, "simulation: %s\n%s", wrong.c_str(), usage);
        for (plant_description const& p : plants) std::fprintf(stderr, " %s", std::string{p.name}.c_str());
        std::fputc('\n', stderr);
        return 2;
    }
    return o.planted != nullptr ? hunt(o) : run(o);
}
