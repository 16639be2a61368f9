// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_RANDOM_HPP
#define BACKCHANNEL_TESTS_SUPPORT_RANDOM_HPP

#include <cstddef>
#include <cstdint>
#include <string>

namespace test {

/// xorshift64*: the same numbers on every machine. The seed must not be 0.
class random_source {
public:
    explicit random_source(std::uint64_t seed = 20261121) noexcept : state_{seed} {}

    std::uint64_t operator()() noexcept {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545F4914F6CDD1Du;
    }
    [[nodiscard]] std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>((*this)() % bound); }
    [[nodiscard]] std::string bytes(std::size_t size) {
        std::string text(size, '\0');
        for (char& c : text) c = static_cast<char>((*this)() >> 56);
        return text;
    }

private:
    std::uint64_t state_;
};

}

#endif
