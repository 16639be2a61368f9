// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_AUTH_SIGV4_CANDIDATES_IPP
#define BACKCHANNEL_IMPL_AUTH_SIGV4_CANDIDATES_IPP

// Which hosts and paths a signature may be about, when what was received is not what was signed.

#include <backchannel/auth/sigv4_request.hpp>
#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/path_segment.hpp>
#include <backchannel/support/byte_words.hpp>

#include <algorithm>
#include <optional>

namespace backchannel::inline BACKCHANNEL_ABI {

namespace detail_sigv4_request {

[[nodiscard]] inline std::string lower(std::string_view text) {
    std::string result{text};
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return result;
}

[[nodiscard]] inline std::string encoded(std::string_view text) {
    std::string result;
    protocol::append_percent_encoded(result, text);
    return result;
}

/// A path of the management API: of the collection, of a connection, or of one of its tags. Its segments, decoded.
///
/// Only of these is it certain that two paths with a candidate in common mean the same: no segment is a dot segment or
/// has an escaped percent sign, and none but an id has a slash.
struct api_path {
    std::vector<std::string> stage{}, behind{}; ///< in front of `@connections`, and behind it

    [[nodiscard]] static std::optional<api_path> read(std::string_view target, target_form form) {
        api_path found;
        bool is_api = false;
        std::string_view rest = protocol::path_of(target);
        if (!rest.starts_with('/')) return std::nullopt;
        protocol::path_segment segment;
        for (auto raw = protocol::take_segment(rest); raw; raw = protocol::take_segment(rest)) {
            segment.decode(*raw, form);
            bool const is_id = is_api && found.behind.empty();
            if (!segment.allowed() || (segment.has_slash() && !is_id)) return std::nullopt;
            if (!is_api && segment.text() == "@connections") is_api = true;
            else (is_api ? found.behind : found.stage).emplace_back(segment.text());
        }
        auto const& behind = found.behind;
        if (!is_api || behind.size() == 2 || behind.size() > 3 || (behind.size() == 3 && behind[1] != "tags"))
            return std::nullopt;
        return found;
    }
};

}

BACKCHANNEL_DECL void sigv4_request::find_first_host(std::vector<std::string> const& public_hosts) {
    first_host_ = public_hosts.empty() ? host_ : std::string_view{public_hosts.front()};
    if (byte_words::any_word(first_host_, [](std::uint64_t word) { return byte_words::case_bits(word) & ~word; }))
        lower_host_ = detail_sigv4_request::lower(first_host_);
}

BACKCHANNEL_DECL std::vector<std::string> sigv4_request::hosts(std::vector<std::string> const& public_hosts) const {
    std::vector<std::string> found;
    auto const add = [&](std::string host) {
        if (std::find(found.begin(), found.end(), host) == found.end()) found.push_back(std::move(host));
    };
    auto const add_spellings = [&](std::string_view written) {
        // Go's SDK and curl keep the capitals
        for (std::string const& host : {detail_sigv4_request::lower(written), std::string{written}}) {
            add(host);
            // behind the last ']' a colon begins the port, also where the host is an IPv6 address
            auto const bracket = host.rfind(']');
            auto const colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
            if (colon != std::string::npos) {
                add(host.substr(0, colon));
            } else {
                add(host + ":80");
                add(host + ":443");
            }
        }
    };
    if (public_hosts.empty()) add_spellings(host_);
    for (std::string const& host : public_hosts) add_spellings(host);
    return found;
}

BACKCHANNEL_DECL std::vector<std::string> sigv4_request::further_paths(sigv4_candidates which) const {
    using detail_sigv4_request::encoded;
    std::vector<std::string> paths;
    bool const raw = head_.form == target_form::raw;
    if (raw && which == sigv4_candidates::aws) return paths;

    auto const parts = detail_sigv4_request::api_path::read(head_.target, head_.form);
    if (!parts) return paths;
    std::string as_sent; // has been tried
    if (raw) protocol::append_percent_encoded_path(as_sent, path_);
    auto const add = [&](std::string text) {
        if (text != as_sent && std::find(paths.begin(), paths.end(), text) == paths.end())
            paths.push_back(std::move(text));
    };
    if (raw) {
        std::string normalised;
        protocol::append_percent_encoded_path(normalised, protocol::normalised_path(path_));
        add(std::move(normalised));
    }

    std::string stage, plain, once, twice; // the path, decoded, with what is behind the stage encoded so often
    for (std::string const& segment : parts->stage) stage.append("/").append(encoded(segment));
    for (std::string const& segment : parts->behind) {
        plain.append("/").append(segment);
        once.append("/").append(encoded(segment));
        twice.append("/").append(encoded(encoded(segment)));
    }
    add(stage + "/%40connections" + twice); // from `@connections` and an escaped id: the SDKs
    add(stage + "/%2540connections" + twice);
    add(stage + "/%40connections" + once);
    if (which == sigv4_candidates::all) {
        add(stage + "/@connections" + once);
        add(stage + "/@connections" + plain);
    }
    return paths;
}

}

#endif
