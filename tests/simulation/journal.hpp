// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_JOURNAL_HPP
#define BACKCHANNEL_TESTS_SIMULATION_JOURNAL_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace simulation {

/// What happened in one schedule: a hash of all of it, the last lines, and the first rule that was broken.
class journal {
public:
    explicit journal(std::size_t lines_kept) : kept_{lines_kept} {}

    template <class... Part>
    void note(std::int64_t now, int loop, Part const&... parts) {
        line_.clear();
        append(now);
        line_ += loop < 0 ? " net " : " L";
        if (loop >= 0) append(loop), line_ += ' ';
        (append(parts), ...);
        for (char const c : line_) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3u; // FNV-1a
        if (kept_ == 0) return;
        if (lines_.size() == kept_) lines_.pop_front();
        lines_.push_back(line_);
    }

    /// A rule is broken. Only the first counts: what follows may be its consequence.
    void violation(std::string_view rule, std::string_view detail) {
        if (failed()) return;
        rule_ = rule;
        detail_ = detail;
        trace_ = lines_;
    }

    [[nodiscard]] bool failed() const noexcept { return !rule_.empty(); }
    [[nodiscard]] std::string const& rule() const noexcept { return rule_; }
    [[nodiscard]] std::string const& detail() const noexcept { return detail_; }
    [[nodiscard]] std::deque<std::string> const& trace() const noexcept { return failed() ? trace_ : lines_; }
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

private:
    void append(std::string_view text) { line_ += text; }
    void append(std::integral auto number) { line_ += std::to_string(number); }

    std::size_t kept_;
    std::uint64_t hash_ = 0xCBF29CE484222325u;
    std::string line_, rule_, detail_;
    std::deque<std::string> lines_, trace_;
};

}

#endif
