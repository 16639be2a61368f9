// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_QUERY_HPP
#define BACKCHANNEL_PROTOCOL_QUERY_HPP

#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/percent.hpp>

#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// Calls `parameter(name, value)` with each parameter of a request target's query, percent-decoded, until it returns
/// false. A '+' is a plus: signatures do not read it as a space. False: an escape is bad, or a call returned false.
template <class F>
bool for_each_parameter(std::string_view target, F&& parameter) {
    std::string_view rest = query_of(target);
    while (!rest.empty()) {
        auto const end = rest.find('&');
        std::string_view const pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        if (pair.empty()) continue;
        auto const equals = pair.find('=');
        std::string name, value;
        if (!append_percent_decoded(name, pair.substr(0, equals))) return false;
        if (equals != std::string_view::npos && !append_percent_decoded(value, pair.substr(equals + 1))) return false;
        if (!parameter(name, value)) return false;
    }
    return true;
}

}

#endif
