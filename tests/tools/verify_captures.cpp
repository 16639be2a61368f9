// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// verify_captures DIR: verifies every request of a folder of captures and prints `N of M verify`.
//
// Each is judged with all candidates and with the clock at its own date. Requests without a signature, and those that
// signed the hash of an empty body though they have one, count as verified when they are refused; those that declare
// UNSIGNED-PAYLOAD when they are refused by default and verify with the option on. Exit status 0: all verify.

#include "support/capture.hpp"
#include "support/signer.hpp"

#include <cstdio>
#include <string>

namespace {

using namespace test;

/// What is wrong with a capture; empty: it verifies.
[[nodiscard]] std::string problem_of(capture const& c, std::string const& service) {
    http_request const& r = c.request;
    if (!c.method.empty() && c.method != r.method) return "the method is not the index's";
    if (!c.target.empty() && c.target != r.target) return "the target is not the index's";
    if (!c.body_sha256.empty() && c.body_sha256 != hex_sha256(r.body)) return "the body is not the index's";

    bc::sigv4_options options = options_for(c, service);
    auto const date = c.date();
    if (c.is_signed() && !date) return "the request has no date";
    auto const judged = [&](http_request const& request) {
        return judge(request, c.key, options, date.value_or(bc::wall_time{}));
    };
    auto const refused = [](bc::auth_decision const& d) {
        return "refused (" + std::to_string(static_cast<int>(d.error)) + "): " + d.message;
    };
    bc::auth_decision const decision = judged(r);
    bool const empty_hash = c.payload_rule == "empty" && !r.body.empty();
    if (!c.is_signed() || empty_hash) return decision.allowed() ? "accepted, but has to be refused" : std::string{};
    if (c.declares_unsigned_payload()) {
        if (decision.allowed()) return "an unsigned payload is accepted without the option";
        options.payload = bc::unsigned_payload::allow_over_tls;
        http_request over_tls = r;
        over_tls.secure = true;
        bc::auth_decision const second = judged(over_tls);
        return second.allowed() ? std::string{} : "with the option for unsigned payloads: " + refused(second);
    }
    return decision.allowed() ? std::string{} : refused(decision);
}

}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: verify_captures DIR\n");
        return 2;
    }
    capture_folder const folder = load_captures(argv[1]);
    std::size_t verified = 0;
    for (std::string const& problem : folder.problems) std::printf("%s\n", problem.c_str());
    for (capture const& c : folder.captures) {
        std::string const problem = problem_of(c, folder.service);
        if (problem.empty())
            ++verified;
        else
            std::printf("%s: %s\n", c.file.c_str(), problem.c_str());
    }
    std::printf("%zu of %zu verify\n", verified, folder.listed);
    return folder.listed != 0 && verified == folder.listed ? 0 : 1;
}
