// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_ROUTE_PATH_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_ROUTE_PATH_HPP

#include <backchannel/config.hpp>

#include <charconv>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One step of a path into a JSON value: to a member of an object, or to an item of an array.
struct route_step {
    std::string name{};
    std::optional<std::size_t> index{}; ///< from 0; if set, the step goes into an array

    [[nodiscard]] bool leads_to(std::string_view member) const noexcept { return !index && name == member; }
    [[nodiscard]] bool leads_to(std::size_t item) const noexcept { return index == item; }
};

/// A path that names one value: the part of JSONPath that route selection needs.
///
/// `.name`, `['name']`, `["name"]` and `[0]`, in any order. A name after a dot is made of letters, digits, `_` and `-`;
/// a name in quotes of anything but that quote and a backslash. What could select several values is refused: a `*`,
/// `..`, a filter, a slice, a list or an index from the end.
class route_path {
public:
    static constexpr std::size_t max_steps = 31;

    /// Reads the whole text. Throws `std::invalid_argument` that says what is wrong.
    explicit route_path(std::string_view text) {
        if (text.empty()) throw std::invalid_argument{"$request.body alone names no member of the message"};
        while (!text.empty()) {
            if (steps_.size() == max_steps) throw std::invalid_argument{"a path has at most 31 steps"};
            if (text.front() == '.')
                steps_.push_back(read_member(text));
            else if (text.front() == '[')
                steps_.push_back(read_bracket(text));
            else
                throw std::invalid_argument{"a '.' or '[' is expected in front of \"" + std::string{text} +
                                            "\" (a variable that text comes behind needs braces, as in "
                                            "${request.body.action}-text)"};
        }
    }

    /// At least one.
    [[nodiscard]] std::vector<route_step> const& steps() const noexcept { return steps_; }

private:
    [[nodiscard]] static bool is_name_character(char c) noexcept {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }

    [[nodiscard]] static route_step read_member(std::string_view& text) {
        std::size_t end = 1;
        while (end != text.size() && is_name_character(text[end])) ++end;
        if (end == 1)
            throw std::invalid_argument{"the name of a member is expected after '.' (one value is to be named: no '*' "
                                        "and no '..'; other names go in brackets and quotes, as in ['a name'])"};
        route_step step{.name = std::string{text.substr(1, end - 1)}};
        text.remove_prefix(end);
        return step;
    }

    [[nodiscard]] static route_step read_bracket(std::string_view& text) {
        route_step step;
        std::size_t end = 0; // of what stands in the brackets
        if (char const quote = text.size() > 1 ? text[1] : '\0'; quote == '\'' || quote == '"') {
            end = text.find(quote, 2);
            if (end == std::string_view::npos) throw std::invalid_argument{"a quote is not closed"};
            step.name = text.substr(2, end - 2);
            if (step.name.find('\\') != std::string::npos)
                throw std::invalid_argument{"a name in quotes cannot have a backslash"};
            ++end;
        } else {
            std::size_t index = 0;
            auto const read = std::from_chars(text.data() + 1, text.data() + text.size(), index);
            if (read.ec != std::errc{}) throw std::invalid_argument{std::string{one_value}};
            step.index = index;
            end = static_cast<std::size_t>(read.ptr - text.data());
        }
        if (end == text.size() || text[end] != ']') throw std::invalid_argument{std::string{one_value}};
        text.remove_prefix(end + 1);
        return step;
    }

    static constexpr std::string_view one_value =
        "in brackets stands one index, as in [0], or one name in quotes, as in ['action'], so that one value is named";

    std::vector<route_step> steps_;
};

}

#endif
