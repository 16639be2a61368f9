// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_REQUEST_TEXT_HPP
#define BACKCHANNEL_TESTS_SUPPORT_REQUEST_TEXT_HPP

#include <backchannel/http.hpp>

#include <string>

namespace test {

/// All that a router is told of a request, such as "POST /a?b from 192.0.2.7 over TLS | a=1 | b=2 | body".
[[nodiscard]] inline std::string text_of(backchannel::request_view const& r) {
    std::string text{r.method};
    text.append(" ").append(r.target);
    if (r.form != backchannel::target_form::raw) text.append(" decoded");
    text.append(" from ").append(r.source_ip);
    if (r.secure) text.append(*r.secure ? " over TLS" : " in the clear");
    for (auto const& [name, value] : r.headers) text.append(" | ").append(name).append("=").append(value);
    return text.append(" | ").append(r.body);
}

}

#endif
