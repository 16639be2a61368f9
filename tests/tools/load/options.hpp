// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_OPTIONS_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_OPTIONS_HPP

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace load {

struct option {
    std::string_view name;
    std::string_view fallback; ///< "off": the option takes no value; "": it must be given
    std::string_view text;
};

/// Complains and ends the process as it is usual for a wrong command line.
[[noreturn]] inline void refuse(std::string const& what) {
    std::cerr << program_invocation_short_name << ": " << what << "\n";
    std::exit(2);
}

/// The options of one mode: `--name value` or `--flag`, each at most once.
class options {
public:
    options(std::span<option const> known, std::span<char* const> arguments) {
        for (option const& o : known)
            if (!o.fallback.empty()) values_.emplace(o.name, o.fallback);
        for (std::size_t i = 0; i != arguments.size(); ++i) {
            std::string_view const given = arguments[i];
            option const* found = nullptr;
            for (option const& o : known)
                if (given.starts_with("--") && given.substr(2) == o.name) found = &o;
            if (found == nullptr) refuse("unknown option '" + std::string{given} + "'");
            bool const is_flag = found->fallback == "off";
            if (!is_flag && i + 1 == arguments.size()) refuse(std::string{given} + " needs a value");
            values_.insert_or_assign(found->name, is_flag ? "on" : arguments[++i]);
        }
        for (option const& o : known)
            if (!values_.contains(o.name)) refuse("--" + std::string{o.name} + " is missing: " + std::string{o.text});
    }

    [[nodiscard]] std::string const& text(std::string_view name) const { return values_.find(name)->second; }
    [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "on"; }

    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t least = 0,
                                       std::uint64_t most = 1'000'000'000) const {
        std::string const& given = text(name);
        std::uint64_t n = 0;
        auto const read = std::from_chars(given.data(), given.data() + given.size(), n);
        if (read.ec != std::errc{} || read.ptr != given.data() + given.size() || n < least || n > most)
            refuse("--" + std::string{name} + ": expected a number from " + std::to_string(least) + " to " +
                   std::to_string(most) + ", got '" + given + "'");
        return n;
    }

private:
    std::map<std::string_view, std::string> values_;
};

}

#endif
