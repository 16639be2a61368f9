// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SRC_HPP
#define BACKCHANNEL_SRC_HPP

// Every body of the core, for separate compilation: define BACKCHANNEL_SEPARATE_COMPILATION in the whole program and
// include this header in exactly one translation unit. The CMake target backchannel::compiled does both.

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#error                                                                                                                 \
    "<backchannel/src.hpp> needs BACKCHANNEL_SEPARATE_COMPILATION, defined for every translation unit of the program."
#endif

#include <backchannel/impl/auth/iam_pattern.ipp>
#include <backchannel/impl/auth/iam_policy.ipp>
#include <backchannel/impl/auth/sigv4_candidates.ipp>
#include <backchannel/impl/auth/sigv4_request.ipp>
#include <backchannel/impl/auth/token_buckets.ipp>
#include <backchannel/impl/crypto/constant_time.ipp>
#include <backchannel/impl/crypto/entropy.ipp>
#include <backchannel/impl/crypto/hmac.ipp>
#include <backchannel/impl/crypto/sha1.ipp>
#include <backchannel/impl/crypto/sha256.ipp>
#include <backchannel/impl/dialect/aws.ipp>
#include <backchannel/impl/dialect/extensions.ipp>
#include <backchannel/impl/dialect/yandex.ipp>
#include <backchannel/impl/http.ipp>
#include <backchannel/impl/hub/id_source.ipp>
#include <backchannel/impl/message.ipp>
#include <backchannel/impl/protocol/base64.ipp>
#include <backchannel/impl/protocol/connection_target.ipp>
#include <backchannel/impl/protocol/http1_body.ipp>
#include <backchannel/impl/protocol/http1_request.ipp>
#include <backchannel/impl/protocol/http1_response.ipp>
#include <backchannel/impl/protocol/http1_syntax.ipp>
#include <backchannel/impl/protocol/json_reader.ipp>
#include <backchannel/impl/protocol/json_value.ipp>
#include <backchannel/impl/protocol/json_writer.ipp>
#include <backchannel/impl/protocol/parse_error.ipp>
#include <backchannel/impl/protocol/parse_iso8601.ipp>
#include <backchannel/impl/protocol/path_segment.ipp>
#include <backchannel/impl/protocol/percent.ipp>
#include <backchannel/impl/protocol/permessage_deflate.ipp>
#include <backchannel/impl/protocol/sigv4_canonical.ipp>
#include <backchannel/impl/protocol/timestamp.ipp>
#include <backchannel/impl/protocol/utf8.ipp>
#include <backchannel/impl/protocol/websocket_extensions.ipp>
#include <backchannel/impl/protocol/websocket_frame.ipp>
#include <backchannel/impl/protocol/websocket_frame_header.ipp>
#include <backchannel/impl/protocol/websocket_handshake.ipp>
#include <backchannel/impl/protocol/yandex_target.ipp>
#include <backchannel/impl/support/ip_text.ipp>

#endif
