// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/crypto/openssl.hpp>

#include "support/catch.hpp"
#include "support/signer.hpp"

#include <backchannel/auth/sigv4.hpp>

#include <string>

namespace auth_sigv4_openssl_tests {

// The verdicts of sigv4 do not depend on who hashes.

using namespace test;

namespace {

struct openssl_traits : fixed_sigv4_traits {
    using crypto = backchannel::crypto::openssl;
};

}

TEST_CASE("sigv4 with OpenSSL agrees with the built-in provider on every capture, whole and damaged",
          "[sigv4][openssl]") {
    capture_folder const folder = load_captures(std::string{BACKCHANNEL_TEST_DATA} + "/captures");
    REQUIRE(folder.captures.size() == 222);
    std::size_t allowed = 0;
    for (capture const& c : folder.captures) {
        INFO(c.file);
        auto const options = options_for(c, folder.service);
        fixed_clock const clock{c.date().value_or(backchannel::wall_time{})};
        fixed_sigv4 builtin{backchannel::static_keys{c.key}, options, clock};
        backchannel::sigv4<backchannel::static_keys, openssl_traits> other{backchannel::static_keys{c.key}, options,
                                                                           clock};
        http_request r = c.request;
        for (int damage = 0; damage != 4; ++damage) {
            if (damage == 1) r.body += '!';
            if (damage == 2) r.method = "PUT";
            if (damage == 3) r.headers.emplace_back("X-Amz-Extra", "1");
            request_of const view{r};
            auto const expected = builtin.authorize(view, backchannel::operation::post, {});
            auto const found = other.authorize(view, backchannel::operation::post, {});
            CHECK(static_cast<int>(found.error) == static_cast<int>(expected.error));
            CHECK(found.message == expected.message);
            allowed += found.allowed();
        }
    }
    CHECK(allowed == 218);
}

}
