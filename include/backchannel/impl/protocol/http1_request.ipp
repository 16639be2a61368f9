// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_HTTP1_REQUEST_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_HTTP1_REQUEST_IPP

#include <backchannel/protocol/http1_request.hpp>

#include <charconv>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

namespace detail_request {

inline constexpr std::size_t longest_method = 32;

struct target_parts {
    bool valid = false;
    std::string_view authority{}, path{};
};

// Precondition: there is one.
[[nodiscard]] inline header_view& host_of(request_head& head) noexcept {
    auto at = head.headers.begin();
    while (!byte_words::same_name(at->name, "host")) ++at;
    return *at;
}

[[nodiscard]] inline target_parts split_absolute(std::string_view target) noexcept {
    std::size_t const colon = target.find("://");
    if (colon == target.npos) return {};
    std::string_view const scheme = target.substr(0, colon), rest = target.substr(colon + 3);
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return {};
    std::size_t const end = rest.find_first_of("/?");
    target_parts const parts{true, rest.substr(0, end), end == rest.npos ? "/" : rest.substr(end)};
    return parts.path[0] == '/' && is_host_and_port(parts.authority) ? parts : target_parts{};
}

// Origin-form, absolute-form or asterisk-form. RFC 9112 3.2.
[[nodiscard]] inline target_parts split_target(std::string_view method, std::string_view target) noexcept {
    if (target[0] == '/') return {true, {}, target};
    if (target == "*") return {method == "OPTIONS", {}, target};
    target_parts parts = split_absolute(target);
    // RFC 9112 3.2.4: an absolute-form OPTIONS without a path is about the server as a whole
    if (method == "OPTIONS" && parts.valid && target.back() != '/' && parts.path == "/") parts.path = "*";
    return parts;
}

}

BACKCHANNEL_DECL std::string_view request_head::find(std::string_view name) const noexcept {
    header_view const* const header = find_header(headers, name);
    return header == nullptr ? std::string_view{} : header->value;
}

BACKCHANNEL_DECL void request_head::clear() noexcept {
    headers.clear();
    method = target = target_path = authority = {};
    minor_version = 1;
    content_length.reset();
    chunked = keep_alive = expect_continue = upgrade = false;
    size = 0;
}

BACKCHANNEL_DECL request_parser::status request_parser::parse(std::string_view buffer, request_head& out) {
    out.clear();
    if (error_ != parse_error::none) return status::failed;
    std::string_view const text = buffer.substr(0, limits_.head);
    bool const fresh = position_ == 0;
    status result = run(text, fresh ? &out : nullptr);
    if (result == status::complete && !fresh) {
        // all of it has been checked, but the lines of earlier calls were not collected
        reset();
        result = run(text, &out);
    }
    if (result == status::complete) {
        fill(text, out);
        reset();
        return result;
    }
    out.clear();
    if (result == status::need_more && buffer.size() >= limits_.head) {
        error_ = state_ == state::target ? parse_error::target_too_long : parse_error::head_too_large;
        result = status::failed;
    }
    return result;
}

BACKCHANNEL_DECL request_parser::status request_parser::run(std::string_view text, request_head* out) {
    bool more = true;
    while (more && position_ < text.size()) {
        char const c = text[position_];
        switch (state_) {
        case state::start:
            state_ = state::method;
            if (c == '\r') more = expect('\r', c, state::empty_line_lf);
            break;
        case state::empty_line_lf:
            mark_ = line_ = position_ + 1;
            more = expect('\n', c, state::method);
            break;
        case state::method:
            more = read_method(text);
            break;
        case state::target:
            more = read_target(text);
            break;
        case state::version:
            more = read_version(text);
            break;
        case state::request_lf:
            more = expect('\n', c, state::line_start) && check_request_line(text);
            break;
        case state::line_start:
            more = read_lines(text, out) && (position_ == text.size() || begin_line(text[position_]));
            break;
        case state::name:
            more = read_name(text);
            break;
        case state::value:
            more = read_value(text);
            break;
        case state::value_lf:
            more = expect('\n', c, state::line_start) && end_header(text, out);
            break;
        case state::head_lf:
            // while it can be asked for again: `fill` may have to add one
            if (out != nullptr && !found_.host) out->headers.reserve(out->headers.size() + 1);
            if (!expect('\n', c, state::start)) return status::failed;
            if (minor_version_ == 0 || found_.host) return status::complete;
            more = fail(parse_error::missing_host);
            break;
        }
    }
    return more ? status::need_more : status::failed;
}

BACKCHANNEL_DECL bool request_parser::expect(char wanted, char c, state next) noexcept {
    if (c != wanted) return fail(parse_error::bad_line_end);
    ++position_;
    state_ = next;
    return true;
}

BACKCHANNEL_DECL bool request_parser::read_method(std::string_view text) noexcept {
    position_ = detail_syntax::skip_token(text, position_);
    std::size_t const size = position_ - mark_;
    if (size > detail_request::longest_method) return fail(parse_error::bad_method);
    if (position_ == text.size()) return true;
    if (text[position_] != ' ' || size == 0) return fail(parse_error::bad_method);
    method_size_ = static_cast<std::uint8_t>(size);
    is_head_ = byte_words::same(method_in(text), "HEAD");
    mark_ = ++position_;
    state_ = state::target;
    return true;
}

BACKCHANNEL_DECL bool request_parser::read_target(std::string_view text) noexcept {
    position_ = detail_syntax::skip(text, position_, detail_syntax::target_char, detail_syntax::odd_in_target{});
    std::size_t const size = position_ - mark_;
    if (size > limits_.target) return fail(parse_error::target_too_long);
    if (position_ == text.size()) return true;
    char const c = text[position_];
    if (size != 0 && (c == '\r' || c == '\n')) return fail(parse_error::bad_version);
    if (c != ' ' || size == 0) return fail(parse_error::bad_target);
    target_size_ = size;
    mark_ = ++position_;
    state_ = state::version;
    return true;
}

BACKCHANNEL_DECL bool request_parser::read_version(std::string_view text) noexcept {
    constexpr std::string_view form = "HTTP/0.0";
    if (position_ == mark_ && byte_words::same(text.substr(mark_, form.size() + 2), "HTTP/1.1\r\n")) { // nearly always
        position_ += form.size() + 2;
        minor_version_ = 1;
        state_ = state::line_start;
        return check_request_line(text);
    }
    for (; position_ != text.size(); ++position_) {
        char const c = text[position_];
        std::size_t const index = position_ - mark_;
        if (index == form.size()) {
            if (c != '\r') return fail(c == '\n' ? parse_error::bad_line_end : parse_error::bad_version);
            return expect('\r', c, state::request_lf);
        }
        bool const fits = form[index] == '0' ? detail_syntax::is(c, detail_syntax::digit) : c == form[index];
        if (!fits) return fail(parse_error::bad_version);
        if (index == form.size() - 1) minor_version_ = static_cast<std::uint8_t>(c - '0');
    }
    return true;
}

// Version before target: the preface of HTTP/2 has a target that no method of HTTP/1 allows it.
BACKCHANNEL_DECL bool request_parser::check_request_line(std::string_view text) noexcept {
    if (text[mark_ + 5] != '1') return fail(parse_error::unsupported_version);
    std::string_view const method = method_in(text), target = target_in(text);
    if (byte_words::same(method, "CONNECT")) {
        bool const port = !target.ends_with(':') && target.rfind(':') != target.npos && !target.ends_with(']');
        return fail(port && is_host_and_port(target) ? parse_error::connect_unsupported : parse_error::bad_target);
    }
    return detail_request::split_target(method, target).valid || fail(parse_error::bad_target);
}

// The header lines that are there as a whole, up to the first that is not or may be wrong.
BACKCHANNEL_DECL bool request_parser::read_lines(std::string_view text, request_head* out) {
    while (header_count_ != limits_.headers) {
        std::size_t const colon = detail_syntax::skip_token(text, position_);
        if (colon == position_ || colon == text.size() || text[colon] != ':') break;
        std::size_t const end = detail_syntax::skip_value(text, colon + 1);
        if (text.size() - end < 2 || text[end] != '\r' || text[end + 1] != '\n') break;
        ++header_count_;
        char const* const name = text.data() + position_;
        position_ = end + 2;
        if (!take_header({name, text.data() + colon}, {text.data() + colon + 1, text.data() + end}, out)) return false;
    }
    return true;
}

BACKCHANNEL_DECL bool request_parser::begin_line(char c) noexcept {
    if (c == '\r') return expect('\r', c, state::head_lf);
    if (c == '\n') return fail(parse_error::bad_line_end);
    if (c == ' ' || c == '\t') return fail(parse_error::obsolete_fold);
    if (++header_count_ > limits_.headers) return fail(parse_error::too_many_headers);
    mark_ = position_;
    state_ = state::name;
    return true;
}

BACKCHANNEL_DECL bool request_parser::read_name(std::string_view text) noexcept {
    position_ = detail_syntax::skip_token(text, position_);
    if (position_ == text.size()) return true;
    char const c = text[position_];
    name_size_ = position_ - mark_;
    if (name_size_ != 0 && (c == ' ' || c == '\t')) return fail(parse_error::space_before_colon);
    if (c != ':' || name_size_ == 0) return fail(parse_error::bad_header_name);
    ++position_;
    state_ = state::value;
    return true;
}

BACKCHANNEL_DECL bool request_parser::read_value(std::string_view text) noexcept {
    position_ = detail_syntax::skip_value(text, position_);
    if (position_ == text.size()) return true;
    char const c = text[position_];
    if (c != '\r') return fail(c == '\n' ? parse_error::bad_line_end : parse_error::bad_header_value);
    return expect('\r', c, state::value_lf);
}

BACKCHANNEL_DECL bool request_parser::end_header(std::string_view text, request_head* out) {
    std::size_t const value = mark_ + name_size_ + 1;
    return take_header({text.data() + mark_, name_size_}, {text.data() + value, position_ - 2 - value}, out);
}

BACKCHANNEL_DECL bool request_parser::take_header(std::string_view name, std::string_view value, request_head* out) {
    header_view const header{name, detail_syntax::trim(value)};
    error_ = check_header(header); // first, lest a line whose push fails is never checked
    if (out != nullptr) out->headers.push_back(header);
    return error_ == parse_error::none;
}

BACKCHANNEL_DECL parse_error request_parser::check_header(header_view const& header) noexcept {
    auto const is = [&](auto const& name) { return byte_words::same_name(header.name, name); };
    switch (header.name.size()) {
    case 4:
        if (!is("host")) break;
        if (found_.host) return parse_error::repeated_host;
        found_.host = true;
        return is_host_and_port(header.value) ? parse_error::none : parse_error::bad_host;
    case 6:
        if (!is("expect")) break;
        if (!equal_ignoring_case(header.value, "100-continue")) return parse_error::unsupported_expectation;
        found_.expect_continue = true;
        break;
    case 7:
        if (!is("upgrade")) break;
        for (std::string_view list = header.value, protocol; next_list_element(list, protocol);)
            if (equal_ignoring_case(protocol, "websocket")) found_.websocket = true;
        break;
    case 10:
        if (is("connection")) note_connection(header.value);
        break;
    case 14:
        return is("content-length") ? check_content_length(header.value) : parse_error::none;
    case 17:
        return is("transfer-encoding") ? check_transfer_encoding(header.value) : parse_error::none;
    default:
        break;
    }
    return parse_error::none;
}

BACKCHANNEL_DECL parse_error request_parser::check_content_length(std::string_view value) noexcept {
    if (found_.content_length.has_value()) return parse_error::repeated_content_length;
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size()) return parse_error::bad_content_length;
    found_.content_length = number;
    return found_.chunked ? parse_error::content_length_with_transfer_encoding : parse_error::none;
}

BACKCHANNEL_DECL parse_error request_parser::check_transfer_encoding(std::string_view value) noexcept {
    if (minor_version_ == 0) return parse_error::transfer_encoding_in_http_1_0;
    if (found_.chunked) return parse_error::bad_transfer_encoding;
    if (found_.content_length.has_value()) return parse_error::content_length_with_transfer_encoding;
    found_.chunked = true;
    if (equal_ignoring_case(value, "chunked")) return parse_error::none;
    // RFC 9112 6.3: 400 unless `chunked` comes last; 6.1: 501 for a coding that isn't known
    for (std::size_t comma = 0; (comma = value.find(',')) != value.npos; value.remove_prefix(comma + 1)) {
        std::string_view const coding = detail_syntax::trim(value.substr(0, comma));
        if (!is_token(coding) || equal_ignoring_case(coding, "chunked")) return parse_error::bad_transfer_encoding;
    }
    return equal_ignoring_case(detail_syntax::trim(value), "chunked") ? parse_error::unsupported_transfer_encoding
                                                                      : parse_error::bad_transfer_encoding;
}

BACKCHANNEL_DECL void request_parser::note_connection(std::string_view value) noexcept {
    for (std::string_view option; next_list_element(value, option);) {
        if (equal_ignoring_case(option, "close")) found_.close = true;
        if (equal_ignoring_case(option, "keep-alive")) found_.persist = true;
        if (equal_ignoring_case(option, "upgrade")) found_.connection_upgrade = true;
    }
}

BACKCHANNEL_DECL void request_parser::fill(std::string_view text, request_head& out) const noexcept {
    out.method = method_in(text);
    out.target = target_in(text);
    auto const parts = detail_request::split_target(out.method, out.target);
    out.target_path = parts.path;
    if (parts.authority.empty()) {
        if (found_.host) out.authority = detail_request::host_of(out).value;
    } else { // RFC 9112 3.2.2: what Host says is not looked at
        out.authority = parts.authority;
        if (found_.host)
            detail_request::host_of(out).value = parts.authority;
        else
            out.headers.push_back({"Host", parts.authority});
    }
    out.minor_version = minor_version_;
    out.content_length = found_.content_length;
    out.chunked = found_.chunked;
    out.keep_alive = !found_.close && (minor_version_ >= 1 || found_.persist);
    // RFC 9110 7.8 and 10.1.1: both mean nothing in HTTP/1.0, and an expectation nothing without a body
    out.upgrade = minor_version_ >= 1 && found_.connection_upgrade && found_.websocket;
    out.expect_continue =
        minor_version_ >= 1 && found_.expect_continue && (found_.chunked || found_.content_length.value_or(0) != 0);
    out.size = position_;
}

}

#endif
