// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_CONNECTION_VALUES_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_CONNECTION_VALUES_HPP

#include <backchannel/adapters/boost_json/json_text.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/protocol/parse_iso8601.hpp>

#include <boost/json/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Connections as values of Boost.JSON, with the member names of the answer to GET @connections/{id}. The functions are
// found by boost::json::value_from, value_to and try_value_to.

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_connection_values {

using boost::json::value;
using boost::system::error_code;

[[nodiscard]] inline boost::json::object identity(std::string_view source_ip, std::string_view user_agent) {
    return {{"sourceIp", json_text(source_ip)}, {"userAgent", json_text(user_agent)}};
}

[[nodiscard]] inline error_code read_text(boost::json::object const& from, std::string_view name, std::string& to) {
    value const* const found = from.if_contains({name.data(), name.size()});
    if (found == nullptr || found->is_null()) return {};
    boost::json::string const* const text = found->if_string();
    if (text == nullptr) return make_error_code(boost::json::error::not_string);
    to.assign(text->data(), text->size());
    return {};
}

// Members of the identity, and the identity itself, may be missing.
template <class Connection>
[[nodiscard]] error_code read_identity(boost::json::object const& from, Connection& to) {
    value const* const found = from.if_contains("identity");
    if (found == nullptr || found->is_null()) return {};
    boost::json::object const* const members = found->if_object();
    if (members == nullptr) return make_error_code(boost::json::error::not_object);
    if (error_code const wrong = read_text(*members, "sourceIp", to.source_ip)) return wrong;
    return read_text(*members, "userAgent", to.user_agent);
}

[[nodiscard]] inline error_code read_time(boost::json::object const& from, std::string_view name, wall_time& to) {
    value const* const found = from.if_contains({name.data(), name.size()});
    if (found == nullptr) return make_error_code(boost::json::error::unknown_name);
    boost::json::string const* const text = found->if_string();
    if (text == nullptr) return make_error_code(boost::json::error::not_string);
    auto const moment = protocol::parse_iso8601({text->data(), text->size()});
    if (!moment) return make_error_code(boost::json::error::syntax);
    to = *moment;
    return {};
}

[[nodiscard]] inline value time_text(wall_time moment) {
    auto const text = protocol::format_iso8601(moment);
    return boost::json::string{text.view().data(), text.view().size()};
}

}

/// `{"connectedAt":"2026-11-21T00:59:58.120Z","identity":{"sourceIp":"...","userAgent":"..."},"lastActiveAt":"..."}`
inline void tag_invoke(boost::json::value_from_tag, boost::json::value& to, connection_state const& from) {
    using namespace detail_connection_values;
    to = {{"connectedAt", time_text(from.connected_at)},
          {"identity", identity(from.source_ip, from.user_agent)},
          {"lastActiveAt", time_text(from.last_active_at)}};
}

/// Both times must be there (`unknown_name`), as strings (`not_string`) in the form of RFC 3339 (`syntax`); what the
/// identity lacks is left empty. Other members are not looked at.
inline boost::system::result<connection_state> tag_invoke(boost::json::try_value_to_tag<connection_state>,
                                                          boost::json::value const& from) {
    using namespace detail_connection_values;
    boost::json::object const* const members = from.if_object();
    if (members == nullptr) return make_error_code(boost::json::error::not_object);
    connection_state to;
    if (error_code const wrong = read_time(*members, "connectedAt", to.connected_at)) return wrong;
    if (error_code const wrong = read_time(*members, "lastActiveAt", to.last_active_at)) return wrong;
    if (error_code const wrong = read_identity(*members, to)) return wrong;
    return to;
}

/// `{"identity":{"sourceIp":"...","userAgent":"..."}}`. `expires_at` is a time of this process' steady clock, which
/// means nothing to anybody else, and is left out.
inline void tag_invoke(boost::json::value_from_tag, boost::json::value& to, connection_info const& from) {
    to = {{"identity", detail_connection_values::identity(from.source_ip, from.user_agent)}};
}

/// Reads what was written for a `connection_info`, or the identity of a `connection_state`.
inline boost::system::result<connection_info> tag_invoke(boost::json::try_value_to_tag<connection_info>,
                                                         boost::json::value const& from) {
    boost::json::object const* const members = from.if_object();
    if (members == nullptr) return make_error_code(boost::json::error::not_object);
    connection_info to;
    if (auto const wrong = detail_connection_values::read_identity(*members, to)) return wrong;
    return to;
}

}

#endif
