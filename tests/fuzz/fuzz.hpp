// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_FUZZ_FUZZ_HPP
#define BACKCHANNEL_TESTS_FUZZ_FUZZ_HPP

// What the fuzz targets share. A target defines LLVMFuzzerTestOneInput, which libFuzzer calls, or replay_main.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace fuzz {

/// Ends the program, and so reports the input, unless a property holds.
inline void require(bool holds, char const* property) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", property);
    std::abort();
}

/// The same for two texts that are to be equal; shows both.
inline void require_equal(std::string_view a, std::string_view b, char const* property) {
    if (a == b) return;
    std::fprintf(stderr, "--- one:\n%.*s\n--- other:\n%.*s\n", static_cast<int>(a.size()), a.data(),
                 static_cast<int>(b.size()), b.data());
    require(false, property);
}

/// Whether a view lies within another, or is empty.
[[nodiscard]] inline bool is_within(std::string_view part, std::string_view whole) {
    return part.empty() || (std::less_equal<>{}(whole.data(), part.data()) &&
                            std::less_equal<>{}(part.data() + part.size(), whole.data() + whole.size()));
}

/// An input: choices are read off its back, so that a seed is the text it is about with a few bytes behind it.
class input {
public:
    input(std::uint8_t const* data, std::size_t size) : rest_{reinterpret_cast<char const*>(data), size} {}

    /// The next choice, 0 when there are none left.
    [[nodiscard]] std::uint8_t byte() {
        if (rest_.empty()) return 0;
        auto const last = static_cast<std::uint8_t>(rest_.back());
        rest_.remove_suffix(1);
        return last;
    }

    /// A number from 0 to `largest`, which is below 65536.
    [[nodiscard]] std::size_t number(std::size_t largest) {
        std::size_t n = byte();
        if (largest > 0xFF) n = n << 8 | byte();
        return n % (largest + 1);
    }

    /// Some places at which to cut a text of up to 64 KiB, in order. They are choices; what is left is the text.
    [[nodiscard]] std::vector<std::size_t> cuts() {
        std::vector<std::size_t> places(byte() % 9u);
        for (std::size_t& place : places) place = number(0xFFFF);
        return places;
    }

    [[nodiscard]] std::string_view text() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

/// The pieces of a text that is cut at these places (modulo its size); a place that occurs twice makes an empty piece.
[[nodiscard]] inline std::vector<std::string_view> pieces_of(std::string_view text, std::vector<std::size_t> cuts) {
    for (std::size_t& place : cuts) place %= text.size() + 1;
    std::sort(cuts.begin(), cuts.end());
    std::vector<std::string_view> pieces;
    std::size_t from = 0;
    for (std::size_t const place : cuts) {
        pieces.push_back(text.substr(from, place - from));
        from = place;
    }
    pieces.push_back(text.substr(from));
    return pieces;
}

/// Takes the text up to the next `separator` off, or all that is left.
[[nodiscard]] inline std::string_view take_until(std::string_view& text, char separator) {
    auto const end = text.find(separator);
    std::string_view const part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return part;
}

}

#endif
