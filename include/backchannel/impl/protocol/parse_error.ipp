// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_PARSE_ERROR_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_PARSE_ERROR_IPP

#include <backchannel/protocol/parse_error.hpp>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

namespace detail_parse_error {

struct entry {
    int status;
    std::string_view text;
};

[[nodiscard]] inline entry entry_of(parse_error error) noexcept {
    switch (error) {
    case parse_error::none:
        return {0, "no error"};
    case parse_error::bad_method:
        return {400, "invalid method"};
    case parse_error::bad_target:
        return {400, "invalid request target"};
    case parse_error::target_too_long:
        return {414, "request target too long"};
    case parse_error::bad_version:
        return {400, "invalid HTTP version"};
    case parse_error::unsupported_version:
        return {505, "unsupported HTTP version"};
    case parse_error::connect_unsupported:
        return {501, "CONNECT is not supported"};
    case parse_error::bad_line_end:
        return {400, "invalid line end"};
    case parse_error::bad_header_name:
        return {400, "invalid header name"};
    case parse_error::space_before_colon:
        return {400, "whitespace in or after a header name"};
    case parse_error::obsolete_fold:
        return {400, "header line begins with whitespace"};
    case parse_error::bad_header_value:
        return {400, "invalid byte in a header value"};
    case parse_error::too_many_headers:
        return {431, "too many headers"};
    case parse_error::head_too_large:
        return {431, "request head too large"};
    case parse_error::missing_host:
        return {400, "missing Host"};
    case parse_error::repeated_host:
        return {400, "repeated Host"};
    case parse_error::bad_host:
        return {400, "invalid Host"};
    case parse_error::bad_content_length:
        return {400, "invalid Content-Length"};
    case parse_error::repeated_content_length:
        return {400, "repeated Content-Length"};
    case parse_error::content_length_with_transfer_encoding:
        return {400, "Content-Length with Transfer-Encoding"};
    case parse_error::bad_transfer_encoding:
        return {400, "invalid Transfer-Encoding"};
    case parse_error::unsupported_transfer_encoding:
        return {501, "unsupported Transfer-Encoding"};
    case parse_error::transfer_encoding_in_http_1_0:
        return {400, "Transfer-Encoding in HTTP/1.0"};
    case parse_error::unsupported_expectation:
        return {417, "unsupported expectation"};
    case parse_error::bad_chunk_size:
        return {400, "invalid chunk size"};
    case parse_error::bad_chunk_extension:
        return {400, "invalid chunk extension"};
    case parse_error::chunk_extensions_too_large:
        return {400, "chunk extensions too large"};
    case parse_error::bad_chunk_end:
        return {400, "chunk longer than its size"};
    case parse_error::bad_trailer:
        return {400, "invalid trailer"};
    case parse_error::trailers_too_large:
        return {431, "trailers too large"};
    case parse_error::body_too_large:
        return {413, "body too large"};
    }
    return {400, "unknown error"};
}

}

BACKCHANNEL_DECL int status_of(parse_error error) noexcept { return detail_parse_error::entry_of(error).status; }

BACKCHANNEL_DECL std::string_view describe(parse_error error) noexcept { return detail_parse_error::entry_of(error).text; }

}

#endif
