// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_PAYLOAD_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_PAYLOAD_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace load {

/// What a POST carries: `ID NUMBER TIME` and a fill of x up to the size.
struct payload {
    std::string_view id;
    std::uint64_t number = 0; ///< counts from 0 for each id
    std::int64_t sent_ns = 0;

    [[nodiscard]] std::string text(std::size_t size) const {
        std::string out{id};
        out.append(" ").append(std::to_string(number)).append(" ").append(std::to_string(sent_ns)).append(" ");
        if (out.size() < size) out.append(size - out.size(), 'x');
        return out;
    }

    [[nodiscard]] static std::optional<payload> read(std::string_view text) {
        payload p;
        auto const first = text.find(' ');
        auto const second = first == std::string_view::npos ? first : text.find(' ', first + 1);
        if (second == std::string_view::npos) return std::nullopt;
        p.id = text.substr(0, first);
        char const* const end = text.data() + text.size();
        auto const number = std::from_chars(text.data() + first + 1, end, p.number);
        auto const time = std::from_chars(text.data() + second + 1, end, p.sent_ns);
        if (number.ec != std::errc{} || time.ec != std::errc{} || p.number > 100'000'000) return std::nullopt;
        for (char const* at = time.ptr + 1; at < end; ++at)
            if (*at != 'x') return std::nullopt;
        return p;
    }
};

/// What one connection has received.
class sequence {
public:
    enum class verdict : std::uint8_t { good, doubled, reordered, misrouted };

    void begin(std::string_view id) {
        id_ = id;
        seen_.clear();
    }

    [[nodiscard]] verdict take(payload const& p) {
        if (p.id != id_) return verdict::misrouted;
        if (p.number < seen_.size() && seen_[p.number]) return verdict::doubled;
        bool const in_order = p.number >= seen_.size();
        if (in_order) seen_.resize(p.number + 1, false);
        seen_[p.number] = true;
        return in_order ? verdict::good : verdict::reordered;
    }

    /// A line of id and number for each.
    void append_to(std::string& text) const {
        for (std::size_t n = 0; n != seen_.size(); ++n)
            if (seen_[n]) text.append(id_).append(" ").append(std::to_string(n)).append("\n");
    }

private:
    std::string id_;
    std::vector<bool> seen_;
};

[[nodiscard]] inline char const* name_of(sequence::verdict v) {
    using enum sequence::verdict;
    return v == good ? "good" : v == doubled ? "doubled" : v == reordered ? "reordered" : "misrouted";
}

}

#endif
