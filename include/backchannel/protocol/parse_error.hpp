// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_PARSE_ERROR_HPP
#define BACKCHANNEL_PROTOCOL_PARSE_ERROR_HPP

#include <backchannel/config.hpp>

#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

/// What is wrong with a request: its head (`request_parser`) or its body (`body_reader`). RFC 9112.
enum class parse_error : std::uint8_t {
    none,
    bad_method, ///< not a token, or over 32 bytes
    bad_target, ///< a byte or a form that no request target may have
    target_too_long,
    bad_version,         ///< not `HTTP/` digit `.` digit, or none
    unsupported_version, ///< well formed, but not HTTP/1.x
    connect_unsupported, ///< a well formed CONNECT: this is no proxy
    bad_line_end,        ///< CR or LF on its own
    bad_header_name,     ///< empty, not a token, or no colon behind it
    space_before_colon,
    obsolete_fold,    ///< a header line that begins with a blank
    bad_header_value, ///< a control character
    too_many_headers,
    head_too_large,
    missing_host, ///< HTTP/1.1 without Host
    repeated_host,
    bad_host,                ///< empty, or not host[:port]
    bad_content_length,      ///< not one number of 64 bits
    repeated_content_length, ///< even if both are equal
    content_length_with_transfer_encoding,
    bad_transfer_encoding,         ///< `chunked` isn't the last coding, stands there twice, or has parameters
    unsupported_transfer_encoding, ///< codings before `chunked`
    transfer_encoding_in_http_1_0,
    unsupported_expectation, ///< anything but `100-continue`
    bad_chunk_size,          ///< not 1 to 16 hexadecimal digits
    bad_chunk_extension,
    chunk_extensions_too_large,
    bad_chunk_end, ///< a chunk's data is not followed by CR LF
    bad_trailer,
    trailers_too_large,
    body_too_large
};

/// The status that answers such a request: 400, 413, 414, 417, 431, 501 or 505 (0 for `none`). The connection must be
/// closed behind it, as the end of the request isn't known.
[[nodiscard]] BACKCHANNEL_DECL int status_of(parse_error error) noexcept;

/// One plain phrase for logs and response bodies; a constant.
[[nodiscard]] BACKCHANNEL_DECL std::string_view describe(parse_error error) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/parse_error.ipp>
#endif

#endif
