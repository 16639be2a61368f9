// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_HTTP_ANSWER_HPP
#define BACKCHANNEL_TESTS_SUPPORT_HTTP_ANSWER_HPP

#include <backchannel/http.hpp>

#include <string>
#include <string_view>

namespace test {

/// The value of a response's header, "" if it has none.
[[nodiscard]] inline std::string header_of(backchannel::response const& r, std::string_view name) {
    return std::string{r.headers.find(name).value_or(std::string_view{})};
}

/// A response on one line: status, error type if there is one, and body.
[[nodiscard]] inline std::string shown(backchannel::response const& r) {
    std::string text = std::to_string(r.status);
    if (auto const type = r.headers.find("x-amzn-ErrorType")) text.append(" ").append(*type);
    return r.body.empty() ? text : text + " " + r.body;
}

}

#endif
