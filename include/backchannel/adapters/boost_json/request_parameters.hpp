// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_REQUEST_PARAMETERS_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_REQUEST_PARAMETERS_HPP

#include <backchannel/adapters/boost_json/json_text.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/percent.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_request_parameters {

inline void add(boost::json::object& single, boost::json::object& multiple, boost::json::string_view name,
                boost::json::string value) {
    boost::json::value& all = multiple[name];
    if (!all.is_array()) all.emplace_array();
    all.get_array().push_back(value);
    single[name] = std::move(value);
}

// A name or value of a form: a plus is a space. Text with a bad escape stays as it is.
[[nodiscard]] inline boost::json::string form_text(std::string_view text, target_form form) {
    if (form == target_form::decoded) return json_text(text);
    std::string spaced{text};
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    std::optional<std::string> const decoded = protocol::percent_decode(spaced);
    return json_text(decoded ? std::string_view{*decoded} : text);
}

}

/// Adds `headers` (of each name the last value) and `multiValueHeaders` (all values).
///
/// Names that differ in case only are one, spelt as it came first.
inline void add_headers(boost::json::object& event, std::span<header_view const> headers) {
    boost::json::object single, multiple;
    for (header_view const& h : headers) {
        auto const same = std::find_if(single.begin(), single.end(), [&h](auto const& known) {
            return equal_ignoring_case({known.key().data(), known.key().size()}, h.name);
        });
        boost::json::string const name = same == single.end() ? json_text(h.name) : boost::json::string{same->key()};
        detail_request_parameters::add(single, multiple, name, json_text(h.value));
    }
    event["headers"] = std::move(single);
    event["multiValueHeaders"] = std::move(multiple);
}

/// Adds `queryStringParameters` (of each name the last value) and `multiValueQueryStringParameters` (all values), both
/// decoded, if the target has a query with a parameter.
inline void add_query(boost::json::object& event, request_view const& request) {
    using namespace detail_request_parameters;
    std::size_t const mark = request.target.find('?');
    if (mark == std::string_view::npos) return;
    boost::json::object single, multiple;
    for (std::string_view rest = request.target.substr(mark + 1); !rest.empty();) {
        std::string_view const parameter = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
        if (parameter.empty()) continue;
        std::size_t const equals = parameter.find('=');
        std::string_view const value = equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
        add(single, multiple, form_text(parameter.substr(0, equals), request.form), form_text(value, request.form));
    }
    if (single.empty()) return;
    event["queryStringParameters"] = std::move(single);
    event["multiValueQueryStringParameters"] = std::move(multiple);
}

}

#endif
