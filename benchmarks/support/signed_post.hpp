// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_SUPPORT_SIGNED_POST_HPP
#define BACKCHANNEL_BENCHMARKS_SUPPORT_SIGNED_POST_HPP

#include "support/signer.hpp"

#include <backchannel/http.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// A POST to a connection as botocore signs it (host and date, and the session token if there is one).
class signed_post {
public:
    explicit signed_post(std::size_t body, std::string token = {})
        : request_{test::example_post("/prod/@connections/R0oXAdfD0kwCH6w%3D", std::string(body, 'x'))} {
        key.session_token = std::move(token);
        test::signing how;
        how.key = key;
        test::sign(request_, how);
        for (auto const& [name, value] : request_.headers) headers_.push_back({name, value});
    }
    signed_post(signed_post const&) = delete;
    signed_post& operator=(signed_post const&) = delete;

    backchannel::access_key key = test::example_key();

    [[nodiscard]] backchannel::request_view view() const {
        return {.method = request_.method, .target = request_.target, .headers = headers_, .body = request_.body};
    }

    /// The whole head, as it is sent.
    [[nodiscard]] std::string head() const { return request_.head(); }

private:
    test::http_request request_;
    std::vector<backchannel::header_view> headers_;
};

}

#endif
