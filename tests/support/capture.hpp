// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_CAPTURE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_CAPTURE_HPP

// Folders of captured requests: an index.json and one file of raw bytes for each request, see tests/data/captures.

#include "support/fixed_clock.hpp"

#include <backchannel/auth/sigv4.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/json_value.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

namespace bc = backchannel;

/// A request that owns its bytes and can be changed at will.
struct http_request {
    std::string method, target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool secure = false;
    bc::target_form form = bc::target_form::raw;

    [[nodiscard]] std::string* find(std::string_view name) {
        for (auto& [key, value] : headers)
            if (bc::equal_ignoring_case(key, name)) return &value;
        return nullptr;
    }
    [[nodiscard]] std::string const* find(std::string_view name) const {
        return const_cast<http_request*>(this)->find(name);
    }
    void set(std::string_view name, std::string_view value) {
        if (std::string* const there = find(name))
            *there = value;
        else
            headers.emplace_back(name, value);
    }
    void erase(std::string_view name) {
        std::erase_if(headers, [&](auto const& h) { return bc::equal_ignoring_case(h.first, name); });
    }

    /// As it is sent, up to the body.
    [[nodiscard]] std::string head() const {
        std::string text = method + " " + target + " HTTP/1.1\r\n";
        for (auto const& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
        return text += "\r\n";
    }
};

/// A view of such a request, for as long as that is not changed.
class request_of {
public:
    explicit request_of(http_request const& r) {
        for (auto const& [name, value] : r.headers) headers_.push_back({name, value});
        view_.method = r.method;
        view_.target = r.target;
        view_.body = r.body;
        view_.form = r.form;
        view_.secure = r.secure;
        view_.headers = headers_;
    }
    request_of(request_of const&) = delete;
    request_of& operator=(request_of const&) = delete;
    [[nodiscard]] operator bc::request_view const&() const noexcept { return view_; }
    [[nodiscard]] bc::request_view& view() noexcept { return view_; }

private:
    std::vector<bc::header_view> headers_;
    bc::request_view view_;
};

/// Reads a file whole; nullopt if it cannot be opened.
[[nodiscard]] inline std::optional<std::string> read_file(std::string const& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{in}, {}};
}

/// Takes the chunked coding off; nullopt if it is cut short or malformed.
[[nodiscard]] inline std::optional<std::string> dechunked(std::string_view rest) {
    std::string body;
    for (;;) {
        auto const line = rest.find("\r\n");
        if (line == std::string_view::npos) return std::nullopt;
        std::size_t size = 0;
        auto const [end, problem] = std::from_chars(rest.data(), rest.data() + line, size, 16);
        if (problem != std::errc{} || (end != rest.data() + line && *end != ';' && *end != ' ')) return std::nullopt;
        rest.remove_prefix(line + 2);
        if (size == 0) return body; // trailers are not part of the body
        if (rest.size() < size || rest.size() - size < 2 || rest.substr(size, 2) != "\r\n") return std::nullopt;
        body.append(rest.substr(0, size));
        rest.remove_prefix(size + 2);
    }
}

/// Takes a raw request apart. More lenient than the library's own parser, which is not what is tested with it.
[[nodiscard]] inline std::optional<http_request> parse_http(std::string_view raw) {
    auto const head_end = raw.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return std::nullopt;
    std::string_view head = raw.substr(0, head_end + 2);
    std::string_view const rest = raw.substr(head_end + 4);
    auto const take_line = [&] {
        auto const end = head.find("\r\n");
        std::string_view const line = head.substr(0, end);
        head.remove_prefix(end + 2);
        return line;
    };
    std::string_view const start = take_line();
    auto const first = start.find(' '), last = start.rfind(' ');
    if (first == std::string_view::npos || last == first) return std::nullopt;
    http_request r;
    r.method = start.substr(0, first);
    r.target = start.substr(first + 1, last - first - 1);
    while (!head.empty()) {
        std::string_view const line = take_line();
        if ((line.starts_with(' ') || line.starts_with('\t')) && !r.headers.empty()) { // folded: one blank
            std::string_view folded = line;
            folded.remove_prefix(std::min(folded.find_first_not_of(" \t"), folded.size()));
            r.headers.back().second.append(" ").append(folded);
            continue;
        }
        auto const colon = line.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
        while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
        r.headers.emplace_back(line.substr(0, colon), value);
    }
    std::string const* const coding = r.find("transfer-encoding");
    bool const chunked = coding != nullptr && coding->size() >= 7 &&
                         bc::equal_ignoring_case(std::string_view{*coding}.substr(coding->size() - 7), "chunked");
    if (chunked) {
        auto body = dechunked(rest);
        if (!body) return std::nullopt;
        r.body = std::move(*body);
    } else {
        r.body = rest;
    }
    return r;
}

/// One request of a folder and what the index says about it.
struct capture {
    std::string file, variant, auth, payload_rule, amz_date, scope, public_host, method, target, body_sha256;
    std::string host_rule, expected_signature, canonical_request, string_to_sign;
    std::optional<std::string> session_token;
    std::vector<std::string> uri_rules;
    std::optional<std::uint64_t> body_len;
    bool tls = false;
    bc::access_key key; ///< as the server knows it

    std::string raw;
    http_request request;

    [[nodiscard]] bool has_rule(std::string_view rule) const {
        return std::find(uri_rules.begin(), uri_rules.end(), rule) != uri_rules.end();
    }
    [[nodiscard]] bool is_signed() const { return auth != "none"; }

    /// Whether the request itself says that its body is not signed.
    [[nodiscard]] bool declares_unsigned_payload() const {
        std::string const* const header = request.find("x-amz-content-sha256");
        return (header != nullptr && *header == "UNSIGNED-PAYLOAD") ||
               request.target.find("X-Amz-Content-Sha256=UNSIGNED-PAYLOAD") != std::string::npos;
    }
    /// The moment the request says it was signed at.
    [[nodiscard]] std::optional<bc::wall_time> date() const {
        if (auto const at = bc::protocol::parse_amz_date(amz_date)) return at;
        for (std::string_view const name : {"x-amz-date", "date"})
            if (std::string const* const value = request.find(name)) {
                if (auto const at = bc::protocol::parse_amz_date(*value)) return at;
                if (auto const at = bc::protocol::parse_http_date(*value, bc::system_clocks{}.wall())) return at;
            }
        return std::nullopt;
    }
};

struct capture_folder {
    std::vector<capture> captures;
    std::string service;
    std::vector<std::string> problems; ///< files that cannot be used, one line each
    std::size_t listed = 0;            ///< how many requests the index has
};

/// Reads a folder of captures.
[[nodiscard]] inline capture_folder load_captures(std::string const& folder) {
    using bc::protocol::json_kind;
    using bc::protocol::json_value;
    capture_folder result;
    auto const text = read_file(folder + "/index.json");
    if (!text) {
        result.problems.push_back(folder + "/index.json: cannot be read");
        return result;
    }
    auto const index = bc::protocol::parse_json(*text, {.size = 256u << 20, .values = 16u << 20});
    json_value const* const list = index ? index.value->find("captures") : nullptr;
    if (list == nullptr) {
        result.problems.push_back(folder + "/index.json: " + (index ? "no captures" : index.error.message));
        return result;
    }
    auto const string_in = [](json_value const* where, std::string_view name) {
        json_value const* const found = where != nullptr ? where->find(name) : nullptr;
        bool const is_text = found != nullptr && (found->kind == json_kind::string || found->kind == json_kind::number);
        return is_text ? std::optional<std::string>{found->text} : std::nullopt;
    };
    // one pair of keys, or a list of them
    std::vector<bc::access_key> keys;
    auto const add_keys = [&](json_value const* credentials, std::vector<bc::access_key>& to) {
        auto const add = [&](json_value const& one) {
            auto const id = string_in(&one, "access_key_id"), secret = string_in(&one, "secret_access_key");
            if (id && secret) to.push_back({*id, *secret});
        };
        if (credentials == nullptr) return;
        add(*credentials);
        for (json_value const& one : credentials->items) add(one);
    };
    json_value const* const credentials = index.value->find("credentials");
    add_keys(credentials, keys);
    auto const token_of_all = string_in(credentials, "session_token");
    result.service = string_in(&*index.value, "service").value_or("execute-api");
    result.listed = list->items.size();

    for (json_value const& entry : list->items) {
        capture c;
        auto const member = [&](std::string_view name) { return string_in(&entry, name).value_or(std::string{}); };
        c.file = member("file");
        c.variant = member("variant");
        c.auth = member("auth");
        c.payload_rule = member("payload_rule");
        c.amz_date = member("amz_date");
        c.scope = member("scope");
        c.public_host = member("public_host");
        c.method = member("method");
        c.target = member("target");
        c.body_sha256 = member("body_sha256");
        c.host_rule = member("host_rule");
        c.expected_signature = member("expected_signature");
        c.canonical_request = member("canonical_request");
        c.string_to_sign = member("string_to_sign");
        c.session_token = string_in(&entry, "session_token");
        if (auto const size = string_in(&entry, "body_len")) c.body_len = std::stoull(*size);
        if (json_value const* const rules = entry.find("uri_rules"))
            for (json_value const& rule : rules->items) c.uri_rules.push_back(rule.text);
        json_value const* const tls = entry.find("tls");
        c.tls = tls != nullptr && tls->boolean;

        std::vector<bc::access_key> own;
        add_keys(entry.find("credentials"), own);
        own.insert(own.end(), keys.begin(), keys.end());
        auto const id = string_in(&entry, "access_key_id");
        auto const key = std::find_if(own.begin(), own.end(), [&](auto const& k) { return !id || k.id == *id; });
        if (key != own.end())
            c.key = *key;
        else if (c.is_signed()) {
            result.problems.push_back(c.file + ": the index has no secret for its access key");
            continue;
        }
        auto raw = read_file(folder + "/" + c.file);
        auto parsed = raw ? parse_http(*raw) : std::nullopt;
        if (!parsed) {
            result.problems.push_back(c.file + (raw ? ": is no HTTP request" : ": cannot be read"));
            continue;
        }
        c.raw = std::move(*raw);
        c.request = std::move(*parsed);
        c.request.secure = c.tls;
        if (entry.find("session_token") == nullptr && c.is_signed() &&
            (c.request.find("x-amz-security-token") != nullptr ||
             c.request.target.find("X-Amz-Security-Token=") != std::string::npos))
            c.session_token = token_of_all;
        c.key.session_token = c.session_token.value_or(std::string{});
        result.captures.push_back(std::move(c));
    }
    return result;
}

/// The options under which a capture is to be verified: its own scope, and the authority its client dialled.
[[nodiscard]] inline bc::sigv4_options options_for(capture const& c, std::string const& service) {
    bc::sigv4_options options;
    options.service = service;
    options.candidates = bc::sigv4_candidates::all;
    bc::protocol::sigv4_scope scope;
    std::string const credential = "key/" + c.scope;
    if (bc::protocol::parse_sigv4_scope(credential, scope)) {
        options.service = scope.service;
        options.region = scope.region;
    }
    if (!c.public_host.empty()) options.public_hosts = {c.public_host};
    return options;
}

using fixed_sigv4 = bc::sigv4<bc::static_keys, fixed_sigv4_traits>;

/// What the authorizer says about a request at a moment.
[[nodiscard]] inline bc::auth_decision judge(http_request const& request, bc::access_key const& key,
                                             bc::sigv4_options const& options, bc::wall_time now) {
    fixed_sigv4 auth{bc::static_keys{key}, options, fixed_clock{now}};
    request_of const view{request};
    return auth.authorize(view, bc::operation::post, {});
}

}

#endif
