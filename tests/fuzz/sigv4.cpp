// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Signed requests: nobody without the secret is let in, and nothing that was signed can be changed.

#include "fuzz.hpp"
#include "support/signer.hpp"

using namespace test;
using fuzz::require;

namespace {

// A request that a client would make verifies.
void check_honest(std::string_view text, signing const& how, bc::sigv4_options const& options, bool in_query) {
    std::string target = "/prod/@connections/";
    bc::protocol::append_percent_encoded(target, text.substr(0, 100));
    http_request r = example_post(target.append("?x="), text);
    bc::protocol::append_percent_encoded(r.target, text.substr(0, 200));
    in_query ? presign(r, how) : sign(r, how);
    require(judge(r, how.key, options, at(example_date)).allowed(), "an honest request is let in");
}

// Changes what the signature covers; false if there is nothing of that kind. Public hosts stand in for the Host header.
bool change(http_request& r, std::size_t what, std::size_t where, bool host_counts) {
    std::size_t const path_size = bc::protocol::path_of(r.target).size();
    auto const is_signed = [](auto const& header) {
        std::string_view const name = header.first;
        return bc::equal_ignoring_case(name, "host") || bc::equal_ignoring_case(name.substr(0, 6), "x-amz-");
    };
    auto const replace = [](std::string& text, std::string_view from, std::string_view to) {
        auto const found = text.find(from);
        if (found != std::string::npos) text.replace(found, from.size(), to);
        return found != std::string::npos;
    };
    auto signed_header = std::find_if(r.headers.begin(), r.headers.end(), is_signed);
    if (where % 2 != 0) // the last one of them
        signed_header = std::find_if(r.headers.rbegin(), r.headers.rend(), is_signed).base() - 1;
    std::string* const authorization = r.find("Authorization");
    std::string& credentials = authorization != nullptr ? *authorization : r.target;
    switch (what) {
    case 0:
        r.body.insert(where % (r.body.size() + 1), 1, 'x');
        return true;
    case 1:
        r.method.push_back('X');
        return true;
    case 2:
        // a target may be a query only, or nothing
        r.target.insert(std::min(r.target.size(), 1 + (path_size == 0 ? 0 : where % path_size)), 1, 'x');
        return true;
    case 3:
        r.target.append(r.target.size() == path_size ? "?zz=1" : "&zz=1");
        return true;
    case 4:
        signed_header->second.push_back('x');
        return host_counts || !bc::equal_ignoring_case(signed_header->first, "host");
    case 5:
        r.headers.push_back({"X-Amz-Unsigned", "1"});
        return true;
    case 6:
        r.headers.push_back({signed_header->first, "x"});
        return true;
    case 7:
        r.headers.erase(signed_header);
        return true;
    case 8:
        return replace(credentials, "/us-east-1/", "/us-east-2/") ||
               replace(credentials, "%2Fus-east-1%2F", "%2Fus-east-2%2F");
    case 9:
        return replace(authorization != nullptr ? *r.find("X-Amz-Date") : r.target, example_date, "20261121T010001Z");
    default: {
        auto const signature = credentials.rfind("Signature=");
        char& digit = credentials.at(signature + 10 + where % 64);
        digit = digit == '0' ? '1' : '0';
        return true;
    }
    }
}

void check_whole_and_cut(http_request const& r, bc::access_key const& key, bc::sigv4_options const& options,
                         std::vector<std::string_view> const& pieces) {
    fixed_sigv4 auth{bc::static_keys{key}, options, fixed_clock{at(example_date)}};
    request_of const view{r};
    auto verification = auth.begin(view, bc::operation::post, {});
    for (std::string_view const piece : pieces) verification.append(piece);
    bc::auth_decision const cut = verification.decide(), whole = judge(r, key, options, at(example_date));
    require(cut.error == whole.error && cut.message == whole.message, "a body may come in pieces");
    std::string_view const shown = whole.message, token = key.session_token;
    require(token.empty() || shown.find(token) == shown.npos, "no answer shows a session token");
    require(shown.find(key.secret) == shown.npos, "no answer shows a secret");
}

void check_texts(std::string_view text) {
    using namespace bc::protocol;
    std::vector<query_parameter> parameters, again;
    if (parse_query(text, parameters)) {
        std::string const canonical = canonical_query(parameters);
        require(parse_query(canonical, again), "a canonical query is a query");
        fuzz::require_equal(canonical_query(again), canonical, "a canonical query stays as it is");
    }
    std::string const path = normalised_path(text);
    fuzz::require_equal(normalised_path(path), path, "a normalised path stays as it is");
    require(path.front() == '/' && path.find("//") == path.npos, "a normalised path has no empty segments");
    require((path + "/").find("/./") == path.npos && (path + "/").find("/../") == path.npos,
            "a normalised path has no dot segments");
    std::string value, naive;
    auto const append = [&](std::string_view piece) { value.append(piece); };
    write_canonical_value(text, append);
    for (char const c : text) {
        bool const blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!blank || (!naive.empty() && naive.back() != ' ')) naive.push_back(blank ? ' ' : c);
    }
    if (naive.ends_with(' ')) naive.pop_back();
    fuzz::require_equal(value, naive, "a value is signed without superfluous blanks");
    sigv4_scope scope;
    if (parse_sigv4_scope(text, scope))
        fuzz::require_equal(std::string{scope.access_key}.append("/").append(scope.text), text, "a scope is the rest");
    sigv4_claims claims;
    if (parse_sigv4_authorization(text, claims) == sigv4_mistake::none)
        require(fuzz::is_within(claims.signature, text) && fuzz::is_within(claims.signed_headers, text),
                "claims are views of the header");
}

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, std::min<std::size_t>(size, 8 * 1024)};
    std::uint8_t const choice = in.byte(), more = in.byte();
    std::size_t const where = in.number(0xFFFF);
    auto const cuts = in.cuts();
    check_texts(in.text());

    bc::sigv4_options options;
    options.candidates = choice & 1 ? bc::sigv4_candidates::all : bc::sigv4_candidates::aws;
    options.payload = choice & 2 ? bc::unsigned_payload::allow_over_tls : bc::unsigned_payload::refuse;
    options.echo_canonical_request = (choice & 4) != 0;
    options.uniform_refusals = (choice & 8) != 0;
    if (choice & 16) options.public_hosts = {"api.example.org", "Other.example.org:8443"};
    bool const in_query = (choice & 32) != 0;
    signing how;
    how.key.secret = hex_sha256(in.text()); // which no input can contain
    if (choice & 64) how.key.session_token = "token-" + how.key.secret;
    check_honest(in.text(), how, options, in_query);

    auto parsed = parse_http(in.text());
    if (!parsed) return 0;
    http_request& r = *parsed;
    r.secure = (choice & 128) != 0;
    r.form = more & 128 ? bc::target_form::decoded : bc::target_form::raw;
    auto const pieces = fuzz::pieces_of(r.body, cuts);
    require(!judge(r, how.key, options, at(example_date)).allowed(), "nobody without the secret is let in");
    check_whole_and_cut(r, how.key, options, pieces);

    in_query ? presign(r, how) : sign(r, how);
    check_whole_and_cut(r, how.key, options, pieces);
    if (!judge(r, how.key, options, at(example_date)).allowed()) return 0;
    require(!judge(r, how.key, options, at("20261121T020000Z")).allowed(), "a signature expires");
    std::size_t const what = more % 11u;
    bool const unsigned_body = r.find("x-amz-content-sha256") != nullptr || r.target.find("Sha256") != r.target.npos;
    if ((what == 0 && unsigned_body) || !change(r, what, where, options.public_hosts.empty())) return 0;
    require(!judge(r, how.key, options, at(example_date)).allowed(), "what was signed cannot be changed");
    check_whole_and_cut(r, how.key, options, {r.body});
    return 0;
}
