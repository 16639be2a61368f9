// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_SERVERS_COMMAND_LINE_HPP
#define BACKCHANNEL_BENCHMARKS_SERVERS_COMMAND_LINE_HPP

// What the servers of this folder have in common: they listen on 127.0.0.1, and the first message to each client is its
// id, as {"connectionId":"..."}.

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace bench {

inline constexpr std::string_view key_id = "AKIDEXAMPLE";
inline constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

[[nodiscard]] inline std::string greeting(std::string_view id) {
    return std::string{"{\"connectionId\":\""}.append(id).append("\"}");
}

inline void tell_port(unsigned port) { std::cout << "listening on http://127.0.0.1:" << port << "/prod" << std::endl; }

/// PORT and then options; `usage` is all that may follow PORT, as in "[--verify] [--threads N]".
class command_line {
public:
    command_line(int argc, char** argv, std::string_view usage = {})
        : program_{argv[0]}, usage_{usage}, words_{argv + 1, argv + argc} {
        if (words_.empty()) refuse();
        port_ = static_cast<std::uint16_t>(read(words_[0], 65535));
        for (std::size_t i = 1; i < words_.size(); ++i) {
            if (allows(words_[i], "]")) continue;
            if (!allows(words_[i], " N]") || ++i == words_.size()) refuse();
            (void)read(words_[i], most);
        }
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    [[nodiscard]] bool has(std::string_view name) const {
        for (std::string_view const word : words_)
            if (word == name) return true;
        return false;
    }

    [[nodiscard]] unsigned number(std::string_view name, unsigned fallback) const {
        for (std::size_t i = 1; i < words_.size(); ++i)
            if (words_[i] == name) return read(words_[i + 1], most);
        return fallback;
    }

private:
    static constexpr unsigned most = 1024; // of any number

    [[nodiscard]] bool allows(std::string_view word, std::string_view end) const {
        return usage_.find(std::string{"["}.append(word).append(end)) != std::string_view::npos;
    }

    [[noreturn]] void refuse() const {
        std::cerr << "usage: " << program_ << " PORT " << usage_ << "\n";
        std::exit(2);
    }

    [[nodiscard]] unsigned read(std::string_view text, unsigned limit) const {
        unsigned n = 0;
        auto const end = text.data() + text.size();
        auto const parsed = std::from_chars(text.data(), end, n);
        if (parsed.ec != std::errc{} || parsed.ptr != end || n > limit) refuse();
        return n;
    }

    char const* program_;
    std::string_view usage_;
    std::vector<std::string_view> words_;
    std::uint16_t port_ = 0;
};

}

#endif
