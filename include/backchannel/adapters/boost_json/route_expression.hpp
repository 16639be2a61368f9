// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_ROUTE_EXPRESSION_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_ROUTE_EXPRESSION_HPP

#include <backchannel/adapters/boost_json/route_scanner.hpp>
#include <backchannel/message.hpp>

#include <boost/json/parse_options.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A route selection expression of AWS API Gateway's WebSocket APIs, parsed once.
///
/// It is made of text and variables: `$request.body.action` goes to the end of the expression, `${request.body.action}`
/// may have something behind it, as in `${request.body.service}/${request.body.action}`, and `\$` is a dollar sign.
/// The paths are those of `route_path`; there may be at most eight variables. Everything else that AWS' selection
/// expressions have belongs to another place than route selection (headers and query to the handshake, the context and
/// the integration to what comes after it) and is refused.
///
/// A variable becomes the string that it leads to, a number as it is written, `true` or `false`. It becomes nothing if
/// there is no such value or it is null, an array or an object. (AWS documents that arrays and objects become text.)
///
/// Thread safety: `evaluate` from any thread at the same time.
class route_expression {
public:
    /// Bytes of a route key; a message that has a longer one has none.
    static constexpr std::size_t max_key = 1024;

    /// Throws `std::invalid_argument` that says what is wrong with the expression.
    explicit route_expression(std::string_view text) {
        try {
            read(text);
        } catch (std::invalid_argument const& wrong) {
            throw std::invalid_argument{"route selection expression \"" + std::string{text} + "\": " + wrong.what()};
        }
    }

    /// The key that a message's body evaluates to, perhaps an empty one; none if the body is not JSON, is nested deeper
    /// than 32 levels or has a longer key than `max_key`, if the message is binary, or if there is no memory.
    ///
    /// One pass over the body; the memory used depends on the expression, not on the body.
    [[nodiscard]] std::optional<std::string> evaluate(message const& m) const noexcept {
        if (m.kind() != message_kind::text) return std::nullopt;
        try {
            return evaluate(m.data());
        } catch (std::exception const&) {
            return std::nullopt;
        }
    }

private:
    struct part {
        std::string text;
        std::optional<std::size_t> variable; // of paths_; comes behind the text
    };

    [[nodiscard]] std::optional<std::string> evaluate(std::string_view body) const {
        boost::json::parse_options options;
        options.max_depth = detail_route::max_depth;
        boost::json::basic_parser<detail_route::scanner> parser{options, paths_, max_key};
        boost::system::error_code wrong;
        std::size_t const read = parser.write_some(false, body.data(), body.size(), wrong);
        if (wrong || read != body.size()) return std::nullopt;
        std::string key;
        for (part const& p : parts_) {
            key += p.text;
            if (!p.variable) continue;
            std::string const* const value = parser.handler().value(*p.variable);
            if (value == nullptr) return std::nullopt;
            key += *value;
        }
        if (key.size() > max_key) return std::nullopt;
        return key;
    }

    void read(std::string_view text) {
        if (text.empty()) throw std::invalid_argument{"it is empty"};
        if (text.size() > max_key) throw std::invalid_argument{"it is longer than 1024 bytes"};
        if (text.size() > 1 && text.front() == '/' && text.back() == '/')
            throw std::invalid_argument{"a pattern between slashes selects integration responses, not routes"};
        std::string literal;
        while (!text.empty()) {
            if (text.front() == '$') {
                parts_.push_back({std::exchange(literal, {}), add_variable(take_variable(text))});
            } else if (text.front() != '\\') {
                literal += text.front();
                text.remove_prefix(1);
            } else if (text.starts_with("\\$")) {
                literal += '$';
                text.remove_prefix(2);
            } else {
                throw std::invalid_argument{"a backslash stands in front of a dollar sign only"};
            }
        }
        if (!literal.empty()) parts_.push_back({std::move(literal), std::nullopt});
    }

    // The variable that the text begins with, without what marks it as one.
    [[nodiscard]] static std::string_view take_variable(std::string_view& text) {
        std::string_view name = text.substr(1);
        if (!name.starts_with('{')) {
            text = {};
            return name;
        }
        std::size_t const end = name.find('}');
        if (end == std::string_view::npos) throw std::invalid_argument{"a '{' is not closed"};
        text.remove_prefix(end + 2);
        return name.substr(1, end - 1);
    }

    [[nodiscard]] std::size_t add_variable(std::string_view name) {
        constexpr std::string_view body = "request.body";
        if (!name.starts_with(body) ||
            (name.size() > body.size() && name[body.size()] != '.' && name[body.size()] != '['))
            throw std::invalid_argument{why_not(name)};
        if (paths_.size() == detail_route::max_paths) throw std::invalid_argument{"there are more than 8 variables"};
        paths_.emplace_back(name.substr(body.size()));
        return paths_.size() - 1;
    }

    [[nodiscard]] static std::string why_not(std::string_view name) {
        auto const begins = [name](std::string_view with) { return name.starts_with(with); };
        if (begins("request.header") || begins("request.querystring") || begins("request.path"))
            return "headers, query and path belong to the handshake; a message has a body only: $request.body.NAME";
        if (begins("request.basepath")) return "$request.basepath selects a stage, not a route";
        if (begins("context.")) return "the context is not known before the route is selected: use $request.body.NAME";
        if (begins("integration.")) return "$integration selects integration responses, not routes";
        if (begins("stageVariables.")) return "there are no stage variables";
        if (name == "default" || name == "connect" || name == "disconnect")
            return "a dollar sign that begins no variable is written with a backslash, as in \\$default";
        return "$" + std::string{name} + " is no variable of a message: use $request.body.NAME";
    }

    std::vector<part> parts_;
    std::vector<route_path> paths_;
};

}

#endif
