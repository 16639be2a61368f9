// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "support/capture.hpp"

#include "support/catch.hpp"

#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_request.hpp>

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#if !defined(BACKCHANNEL_TEST_DATA)
#error "BACKCHANNEL_TEST_DATA must be the path of tests/data"
#endif

namespace captures_tests {

// Requests of unmodified clients, tests/data/captures. Each has to verify, and none may after a change.

using namespace test;
using backchannel::auth_decision;
using backchannel::auth_error;
using backchannel::sigv4_candidates;
using backchannel::sigv4_options;

namespace {

[[nodiscard]] capture_folder const& folder() {
    static capture_folder const loaded = load_captures(std::string{BACKCHANNEL_TEST_DATA} + "/captures");
    return loaded;
}

/// The options that a capture verifies with: those that do not sign their body have to be let in by one.
[[nodiscard]] sigv4_options lenient_options_for(capture const& c) {
    sigv4_options options = options_for(c, folder().service);
    options.payload = backchannel::unsigned_payload::allow_over_tls;
    return options;
}

[[nodiscard]] auth_decision judge_over_tls(http_request request, backchannel::access_key const& key,
                                           sigv4_options const& options, backchannel::wall_time now) {
    request.secure = true;
    return judge(request, key, options, now);
}

[[nodiscard]] auth_decision judge_as_sent(capture const& c, sigv4_candidates which) {
    sigv4_options options = options_for(c, folder().service);
    options.candidates = which;
    return judge(c.request, c.key, options, c.date().value());
}

/// The verdict on a changed request, at the date of the original, with everything allowed that options allow.
[[nodiscard]] bool verifies(capture const& c, http_request const& changed) {
    return judge_over_tls(changed, c.key, lenient_options_for(c), c.date().value()).allowed();
}

[[nodiscard]] char another(char c) { return c == 'x' ? 'y' : 'x'; }

/// Where the value of a name begins in the request: in `Authorization`, or in the query.
[[nodiscard]] std::string* text_with(http_request& r, std::string_view header_mark, std::string_view query_mark,
                                     std::size_t& begin) {
    if (std::string* const authorization = r.find("authorization")) {
        begin = authorization->find(header_mark) + header_mark.size();
        return authorization;
    }
    begin = r.target.find(query_mark) + query_mark.size();
    return &r.target;
}

/// The names in SignedHeaders, as they stand in the request.
[[nodiscard]] std::vector<std::string> signed_headers_of(http_request r) {
    std::size_t begin = 0;
    std::string const* const text = text_with(r, "SignedHeaders=", "X-Amz-SignedHeaders=", begin);
    std::string list;
    (void)backchannel::protocol::append_percent_decoded(
        list, std::string_view{*text}.substr(begin, text->find_first_of(",& ", begin) - begin));
    std::vector<std::string> names;
    for (std::string_view rest = list; !rest.empty();)
        names.emplace_back(backchannel::protocol::take_signed_header(rest));
    return names;
}

struct change {
    std::string what;
    http_request request;
};

[[nodiscard]] std::vector<change> changes_of(capture const& c) {
    std::vector<change> all;
    auto const changed = [&](std::string what) -> http_request& {
        return all.emplace_back(change{std::move(what), c.request}).request;
    };
    bool const signs_body = !c.declares_unsigned_payload();
    if (signs_body) changed("a byte of the body added").body += '!';
    if (signs_body && !c.request.body.empty()) {
        changed("the first byte of the body changed").body.front() ^= 1;
        changed("the last byte of the body changed").body.back() ^= 1;
        changed("the last byte of the body removed").body.pop_back();
        changed("the whole body removed").body.clear();
    }
    for (std::string const& name : signed_headers_of(c.request)) {
        if (name == "host" && !c.public_host.empty()) continue; // the configured one is what counts
        std::string& value = *changed("another value of " + name).find(name);
        value.insert(name == "host" ? 0 : value.size(), 1, 'x'); // a client may have signed the host without its port
        changed("no " + name).erase(name);
    }
    for (std::string_view const method : {"POST", "GET", "DELETE", "PUT"})
        if (method != c.request.method) changed("the method " + std::string{method}).method = method;

    std::size_t const path_end = std::min(c.request.target.find('?'), c.request.target.size());
    std::size_t const id = c.request.target.rfind('/', path_end) + 1;
    {
        char& first = changed("another id").target[id];
        first = another(first);
    }
    changed("a longer id").target.insert(id, "a");
    changed("another case of the id").target[id] ^= 0x20;
    if (c.request.target.starts_with("/prod/")) {
        changed("another stage").target[1] = 'x';
        changed("no stage").target.erase(0, 5);
    }
    changed("one more stage").target.insert(0, "/prod");
    changed("one more path segment").target.insert(path_end, "/more");
    changed("a dot segment").target.insert(0, "/.");
    changed("an id encoded twice").target.insert(id, "%25");
    changed("a query").target += c.request.target.find('?') == std::string::npos ? "?a=b" : "&a=b";

    std::size_t begin = 0;
    {
        // a second later, in the date that was signed
        http_request& r = changed("the date");
        std::string* const header = r.find("x-amz-date");
        std::string* const text = header != nullptr ? header : &r.target;
        std::size_t const digit = (header != nullptr ? 0 : text->find("X-Amz-Date=") + 11) + 14;
        (*text)[digit] = (*text)[digit] == '0' ? '1' : '0';
    }
    for (std::size_t const digit : {std::size_t{0}, std::size_t{31}, std::size_t{63}}) {
        std::string* const text = text_with(changed("digit " + std::to_string(digit) + " of the signature"),
                                            "Signature=", "X-Amz-Signature=", begin);
        char& d = (*text)[begin + digit];
        d = d == '0' ? '1' : '0';
    }
    {
        http_request& r = changed("a signature in capital letters");
        std::string* const text = text_with(r, "Signature=", "X-Amz-Signature=", begin);
        for (std::size_t i = begin; i != begin + 64; ++i)
            (*text)[i] = static_cast<char>(std::toupper(static_cast<unsigned char>((*text)[i])));
        if (*text == (r.find("authorization") != nullptr ? *c.request.find("authorization") : c.request.target))
            all.pop_back(); // digits only
    }
    {
        std::string* const text = text_with(changed("half a signature"), "Signature=", "X-Amz-Signature=", begin);
        text->erase(begin + 32, 32);
    }
    changed("an unsigned x-amz-* header").headers.emplace_back("X-Amz-Extra", "1");
    changed("a second Host").headers.emplace_back("Host", *c.request.find("host"));
    if (c.request.find("authorization") != nullptr) {
        changed("a second Authorization").headers.emplace_back("Authorization", *c.request.find("authorization"));
        std::string* const text = changed("another region").find("authorization");
        text->insert(text->find("/execute-api/"), "x");
    } else {
        changed("an Authorization header too").headers.emplace_back("Authorization", "Bearer x");
        changed("a longer X-Amz-Expires").target += "0";
    }
    changed("a session token that nobody gave").set("X-Amz-Security-Token", "x");
    if (c.key.session_token.empty()) return all;
    changed("no session token").erase("x-amz-security-token");
    if (c.request.find("x-amz-security-token") == nullptr) all.pop_back();
    return all;
}

}

TEST_CASE("The folder of captures is complete", "[captures]") {
    CHECK(folder().problems.empty());
    CHECK(folder().listed == 222);
    CHECK(folder().captures.size() == 222);
}

TEST_CASE("Every signed capture verifies with all candidates, and with those of AWS if the path is as AWS takes it",
          "[captures]") {
    std::size_t all = 0, aws = 0, declared_unsigned = 0;
    for (capture const& c : folder().captures) {
        if (!c.is_signed()) continue;
        INFO(c.file);
        if (c.declares_unsigned_payload()) {
            ++declared_unsigned;
            CHECK(judge_as_sent(c, sigv4_candidates::all).error == auth_error::bad_request);
            CHECK(verifies(c, c.request));
            CHECK_FALSE(judge(c.request, c.key, lenient_options_for(c), c.date().value()).allowed()); // not over TLS
            continue;
        }
        bool const with_all = judge_as_sent(c, sigv4_candidates::all).allowed();
        CHECK(with_all == (c.payload_rule != "empty"));
        all += with_all;
        bool const with_aws = judge_as_sent(c, sigv4_candidates::aws).allowed();
        CHECK(with_aws == (with_all && c.has_rule("W1")));
        aws += with_aws;
    }
    CHECK(all == 218);
    CHECK(aws == 192);
    CHECK(declared_unsigned == 2);
}

TEST_CASE("Captures without a signature are told that they have none", "[captures]") {
    std::size_t count = 0;
    for (capture const& c : folder().captures) {
        if (c.is_signed()) continue;
        ++count;
        auto const decision = judge(c.request, c.key, options_for(c, folder().service), at("20261121T013000Z"));
        CHECK(decision.error == auth_error::missing_token);
    }
    CHECK(count == 2);
}

TEST_CASE("No capture verifies after a change", "[captures]") {
    std::size_t count = 0;
    for (capture const& c : folder().captures) {
        if (!c.is_signed()) continue;
        for (change const& each : changes_of(c)) {
            INFO(c.file << ": " << each.what);
            bool const accepted = verifies(c, each.request);
            if (accepted) CHECK_FALSE(accepted);
            ++count;
        }
    }
    CAPTURE(count);
    CHECK(count > 220 * 25);
}

TEST_CASE("No capture verifies with another key, at another time or for another scope", "[captures]") {
    using namespace std::chrono_literals;
    for (capture const& c : folder().captures) {
        if (!c.is_signed()) continue;
        INFO(c.file);
        sigv4_options const options = lenient_options_for(c);
        auto const now = c.date().value();
        auto secret = c.key, id = c.key, token = c.key;
        secret.secret.back() = another(secret.secret.back());
        CHECK(judge_over_tls(c.request, secret, options, now).error == auth_error::bad_signature);
        id.id += 'X';
        CHECK(judge_over_tls(c.request, id, options, now).error == auth_error::unknown_principal);
        token.session_token += 'x';
        CHECK(judge_over_tls(c.request, token, options, now).error == auth_error::unknown_principal);

        CHECK(judge_over_tls(c.request, c.key, options, now - 5min).allowed());
        CHECK(judge_over_tls(c.request, c.key, options, now + 5min).allowed());
        CHECK(judge_over_tls(c.request, c.key, options, now - 5min - 1s).error == auth_error::bad_signature);
        CHECK(judge_over_tls(c.request, c.key, options, now + 5min + 1s).error == auth_error::bad_signature);

        sigv4_options other = options;
        other.region = "eu-central-1";
        CHECK(judge_over_tls(c.request, c.key, other, now).error == auth_error::bad_signature);
        other = options;
        other.service = "s3";
        CHECK(judge_over_tls(c.request, c.key, other, now).error == auth_error::bad_signature);
        other = options;
        other.public_hosts = {"other.example.org"};
        CHECK(judge_over_tls(c.request, c.key, other, now).error == auth_error::bad_signature);
    }
}

TEST_CASE("Captures verify in pieces as they do whole", "[captures]") {
    for (capture const& c : folder().captures) {
        if (!c.is_signed() || c.declares_unsigned_payload()) continue;
        INFO(c.file);
        fixed_sigv4 auth{backchannel::static_keys{c.key}, options_for(c, folder().service),
                         fixed_clock{c.date().value()}};
        for (bool const damaged : {false, true}) {
            request_of view{c.request};
            view.view().body = {};
            auto verification = auth.begin(view, backchannel::operation::post, {});
            for (char const& byte : c.request.body) verification.append({&byte, 1});
            if (damaged) verification.append("!");
            auth_decision seen;
            verification.finish([&](auth_decision d) { seen = std::move(d); });
            CHECK(seen.allowed() == !damaged);
        }
    }
}

TEST_CASE("The library's own parser reads the captures as they were sent", "[captures]") {
    using namespace backchannel::http1;
    for (capture const& c : folder().captures) {
        INFO(c.file);
        request_parser parser;
        request_head head;
        REQUIRE(parser.parse(c.raw, head) == request_parser::status::complete);
        body_reader reader{head, 1 << 20};
        std::string body;
        std::string_view rest = std::string_view{c.raw}.substr(head.size);
        for (;;) {
            auto const step = reader.next(rest);
            REQUIRE(step.error == parse_error::none);
            body.append(step.data);
            rest.remove_prefix(step.consumed);
            if (step.done) break;
            REQUIRE_FALSE(rest.empty());
        }
        CHECK(head.method == c.method);
        CHECK(head.target == c.target);
        CHECK(body == c.request.body);
        REQUIRE(head.headers.size() == c.request.headers.size());
        for (std::size_t i = 0; i != head.headers.size(); ++i) {
            CHECK(head.headers[i].name == c.request.headers[i].first);
            CHECK(head.headers[i].value == c.request.headers[i].second);
        }
    }
}

}
