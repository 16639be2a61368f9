// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_HTTP1_RESPONSE_HPP
#define BACKCHANNEL_PROTOCOL_HTTP1_RESPONSE_HPP

#include <backchannel/config.hpp>
#include <backchannel/http.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

/// The whole interim response that lets a client with `Expect: 100-continue` send its body. RFC 9110 15.2.1.
inline constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

/// The phrase of a status as RFC 9110 15 and RFC 6585 have it; empty for any other.
[[nodiscard]] BACKCHANNEL_DECL std::string_view reason_phrase(int status) noexcept;

/// Appends a response's status line, header lines and blank line. RFC 9112 4 and 6, RFC 9110 8.6.
///
/// The version written is always HTTP/1.1; `minor_version` is the request's. Behind the headers come `Content-Length`,
/// if one is given, unless the status forbids it (1xx and 204, and 304 with a length of zero), and `Connection: close`
/// if the connection isn't kept, or `keep-alive` if it is kept for an HTTP/1.0 client; a 1xx has neither. That of a 426
/// names `Upgrade` too, as its Upgrade header wants it (RFC 9110 7.8).
///
/// False, and `out` is left as it was, if the status isn't within 100 to 599, a header's name is no token, its value
/// has a control character other than a tab (so nobody can add a header or a response through one), or it is one of
/// those that are decided here: Content-Length, Transfer-Encoding and, except with 101, Connection.
[[nodiscard]] BACKCHANNEL_DECL bool append_response_head(std::string& out, int status,
                                                         std::span<header_view const> headers,
                                                         std::optional<std::uint64_t> content_length, bool keep_alive,
                                                         int minor_version = 1);

/// The same for headers that were collected and checked before.
[[nodiscard]] BACKCHANNEL_DECL bool append_response_head(std::string& out, int status, header_lines const& headers,
                                                         std::optional<std::uint64_t> content_length, bool keep_alive,
                                                         int minor_version = 1);

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/http1_response.ipp>
#endif

#endif
