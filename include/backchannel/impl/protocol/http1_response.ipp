// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_HTTP1_RESPONSE_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_HTTP1_RESPONSE_IPP

#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/http1_syntax.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

namespace detail_response {

inline void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

[[nodiscard]] inline bool is_reserved(std::string_view name, int status) noexcept {
    switch (name.size()) {
    case 10:
        return status != 101 && equal_ignoring_case(name, "connection");
    case 14:
        return equal_ignoring_case(name, "content-length");
    case 17:
        return equal_ignoring_case(name, "transfer-encoding");
    default:
        return false;
    }
}

[[nodiscard]] inline bool is_status(int status) noexcept { return status >= 100 && status <= 599; }

inline void append_status_line(std::string& out, int status) {
    if (status == 200) { // nearly all of them
        out.append(std::string_view{"HTTP/1.1 200 OK\r\n"});
        return;
    }
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(status));
    out.append(" ").append(reason_phrase(status)).append("\r\n");
}

inline void append_framing(std::string& out, int status, std::optional<std::uint64_t> content_length, bool keep_alive,
                           int minor_version) {
    bool const interim = status < 200;
    // the length of a 304 is that of what it stands for, of which an empty body says nothing
    bool const may_have_length = !interim && status != 204 && (status != 304 || content_length != 0u);
    std::array<char, 96> lines;
    char* at = lines.data();
    auto const put = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
    if (content_length.has_value() && may_have_length) {
        put("Content-Length: ");
        at = std::to_chars(at, at + 20, *content_length).ptr;
        put("\r\n");
    }
    std::string_view const option = interim              ? std::string_view{}
                                    : !keep_alive        ? "close"
                                    : minor_version == 0 ? "keep-alive"
                                                         : std::string_view{};
    std::string_view const upgrade = status == 426 ? "Upgrade" : "";
    if (!option.empty() || !upgrade.empty()) {
        put("Connection: ");
        put(option);
        if (!option.empty() && !upgrade.empty()) put(", ");
        put(upgrade);
        put("\r\n");
    }
    put("\r\n");
    out.append(lines.data(), at);
}

}

BACKCHANNEL_DECL std::string_view reason_phrase(int status) noexcept {
    switch (status) {
    case 100:
        return "Continue";
    case 101:
        return "Switching Protocols";
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 203:
        return "Non-Authoritative Information";
    case 204:
        return "No Content";
    case 205:
        return "Reset Content";
    case 206:
        return "Partial Content";
    case 300:
        return "Multiple Choices";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 305:
        return "Use Proxy";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 402:
        return "Payment Required";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    case 407:
        return "Proxy Authentication Required";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 411:
        return "Length Required";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 422:
        return "Unprocessable Content";
    case 426:
        return "Upgrade Required";
    case 428:
        return "Precondition Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    case 511:
        return "Network Authentication Required";
    default:
        return {};
    }
}

BACKCHANNEL_DECL bool append_response_head(std::string& out, int status, std::span<header_view const> headers,
                                           std::optional<std::uint64_t> content_length, bool keep_alive,
                                           int minor_version) {
    if (!detail_response::is_status(status)) return false;
    for (header_view const& header : headers) {
        bool const good = is_token(header.name) && is_field_value(header.value);
        if (!good || detail_response::is_reserved(header.name, status)) return false;
    }
    detail_response::append_status_line(out, status);
    for (header_view const& header : headers) out.append(header.name).append(": ").append(header.value).append("\r\n");
    detail_response::append_framing(out, status, content_length, keep_alive, minor_version);
    return true;
}

BACKCHANNEL_DECL bool append_response_head(std::string& out, int status, header_lines const& headers,
                                           std::optional<std::uint64_t> content_length, bool keep_alive,
                                           int minor_version) {
    bool good = detail_response::is_status(status);
    if (headers.may_have_framing())
        headers.for_each([&](header_view header) {
            if (detail_response::is_reserved(header.name, status)) good = false;
        });
    if (!good) return false;
    detail_response::append_status_line(out, status);
    out.append(headers.text());
    detail_response::append_framing(out, status, content_length, keep_alive, minor_version);
    return true;
}

}

#endif
