// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_REQUEST_RULES_HPP
#define BACKCHANNEL_GATEWAY_REQUEST_RULES_HPP

#include <backchannel/http.hpp>
#include <backchannel/support/ip_text.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Whether the text is an address of one of the networks.
[[nodiscard]] inline bool is_within(std::string_view text, std::span<ip_network const> networks) noexcept {
    auto const address = ip_address::parse(text);
    for (ip_network const& network : networks)
        if (address && network.contains(*address)) return true;
    return false;
}

/// The address of the client behind trusted proxies.
///
/// `X-Forwarded-For` is read from the right, and only as long as the addresses are those of trusted proxies: whatever
/// stands further left was written by somebody else. An entry that is no address ends the search.
[[nodiscard]] inline std::string client_address(std::string_view peer, std::span<header_view const> headers,
                                                std::span<ip_network const> trusted) {
    std::string current = normalise_ip(peer);
    for (std::size_t i = headers.size(); i-- != 0;) {
        if (!equal_ignoring_case(headers[i].name, "X-Forwarded-For")) continue;
        std::string_view rest = headers[i].value;
        while (is_within(current, trusted)) {
            auto const comma = rest.rfind(',');
            std::string_view entry = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
            while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
            while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
            if (!ip_address::parse(entry)) return current;
            current = normalise_ip(entry);
            if (comma == std::string_view::npos) break;
            rest = rest.substr(0, comma);
        }
    }
    return current;
}

/// Whether a page of that origin may open a WebSocket here (RFC 6455 10.2).
///
/// With a list, the origin must be in it, or `*`. Without one, its authority must be the request's own; the default
/// port of the origin's scheme may be left out on either side. `null` is nobody's authority.
[[nodiscard]] inline bool origin_is_allowed(std::string_view origin, std::string_view authority,
                                            std::span<std::string const> allowed) noexcept {
    for (std::string const& one : allowed)
        if (one == "*" || equal_ignoring_case(one, origin)) return true;
    if (!allowed.empty()) return false;
    auto const mark = origin.find("://");
    if (mark == std::string_view::npos) return false;
    std::string_view const scheme = origin.substr(0, mark);
    std::string_view const port = equal_ignoring_case(scheme, "http")    ? ":80"
                                  : equal_ignoring_case(scheme, "https") ? ":443"
                                                                         : std::string_view{};
    if (port.empty()) return false;
    auto const without_default = [port](std::string_view text) {
        return text.ends_with(port) ? text.substr(0, text.size() - port.size()) : text;
    };
    return equal_ignoring_case(without_default(origin.substr(mark + 3)), without_default(authority));
}

}

#endif
