// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_RESULTS_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_RESULTS_HPP

#include <backchannel/protocol/json_writer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace load {

/// Nanoseconds of the clock that all processes of a machine share and nobody sets.
[[nodiscard]] inline std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Durations, kept one by one as microseconds.
class latencies {
public:
    void add(std::int64_t ns) {
        us_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(ns / 1000, 0, 4'000'000'000)));
    }
    void clear() { us_.clear(); }

    /// Microseconds below which so many of a thousand are.
    [[nodiscard]] std::uint32_t quantile(std::size_t per_mille) {
        std::sort(us_.begin(), us_.end());
        return us_.empty() ? 0u : us_[std::min(us_.size() - 1, us_.size() * per_mille / 1000)];
    }

    void write(backchannel::protocol::json_writer& json, std::string_view name) {
        json.key(name).begin_object().member("count", us_.size());
        json.member("p50_us", quantile(500)).member("p99_us", quantile(990)).member("max_us", quantile(1000));
        json.end_object();
    }

private:
    std::vector<std::uint32_t> us_;
};

using counts = std::map<std::string, std::uint64_t>;

inline void write(backchannel::protocol::json_writer& json, std::string_view name, counts const& all) {
    json.key(name).begin_object();
    for (auto const& [what, how_many] : all) json.member(what, how_many);
    json.end_object();
}

/// One line of JSON on stdout; `members` writes what is in it.
template <class F>
void print_json(F&& members) {
    std::string line;
    backchannel::protocol::json_writer json{line};
    json.begin_object();
    members(json);
    json.end_object();
    std::cout << line << std::endl;
}

/// Writes a file that appears when it is whole.
inline bool write_file(std::string const& path, std::string const& text) {
    std::string const unfinished = path + ".unfinished";
    {
        std::ofstream file{unfinished, std::ios::binary};
        file << text;
        if (!file.flush()) return false;
    }
    return std::rename(unfinished.c_str(), path.c_str()) == 0;
}

/// What this process has been asked to do, counted per second: how many are due by now.
class pace {
public:
    explicit pace(std::uint64_t per_second) : per_second_{per_second} {}
    [[nodiscard]] bool due() const {
        if (per_second_ == 0) return true;
        auto const elapsed = static_cast<std::uint64_t>(now_ns() - began_) / 1000;
        return done_ * 1'000'000 <= elapsed * per_second_;
    }
    void count() { ++done_; }

private:
    std::uint64_t per_second_, done_ = 0; // 0: as fast as possible
    std::int64_t began_ = now_ns();
};

}

#endif
