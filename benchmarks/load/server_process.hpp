// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_SERVER_PROCESS_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_SERVER_PROCESS_HPP

#include "tools/load/options.hpp"

#include <time.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace bench {

[[nodiscard]] inline std::int64_t read_clock(::clockid_t clock) {
    ::timespec t{};
    if (::clock_gettime(clock, &t) != 0) load::refuse("the process to measure has gone");
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

/// CPU time of this process, in nanoseconds.
[[nodiscard]] inline std::int64_t own_cpu_ns() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

/// The process that is measured, or none.
class server_process {
public:
    explicit server_process(int pid) : pid_{pid} {
        if (pid_ != 0 && ::clock_getcpuclockid(pid_, &clock_) != 0)
            load::refuse("--server-pid: no process " + std::to_string(pid_));
    }

    [[nodiscard]] bool known() const { return pid_ != 0; }

    /// CPU time of all its threads, of user and kernel, in nanoseconds.
    [[nodiscard]] std::int64_t cpu_ns() const { return pid_ == 0 ? 0 : read_clock(clock_); }

    /// Bytes of memory that no file backs.
    [[nodiscard]] std::int64_t anonymous_bytes() const {
        std::ifstream status{"/proc/" + std::to_string(pid_) + "/status"};
        for (std::string line; std::getline(status, line);) {
            if (!line.starts_with("RssAnon:")) continue;
            std::size_t const at = line.find_first_of("0123456789");
            std::int64_t kilobytes = 0;
            if (at != std::string::npos) (void)std::from_chars(line.data() + at, line.data() + line.size(), kilobytes);
            return kilobytes * 1024;
        }
        return 0;
    }

private:
    int pid_;
    ::clockid_t clock_{};
};

}

#endif
