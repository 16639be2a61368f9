// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_JSON_TEXT_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_JSON_TEXT_HPP

#include <backchannel/protocol/json_reader.hpp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/protocol/utf8.hpp>

#include <boost/json/string.hpp>

#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Any bytes as a string of JSON: a byte that isn't part of well-formed UTF-8 becomes U+FFFD.
///
/// Boost.JSON writes strings as they are, and what a peer sent in a header may be anything.
[[nodiscard]] inline boost::json::string json_text(std::string_view bytes) {
    if (protocol::is_valid_utf8(bytes)) return boost::json::string(bytes.data(), bytes.size());
    std::string quoted, scratch; // the core's writer replaces those bytes
    protocol::append_json_string(quoted, bytes);
    protocol::json_reader reader{quoted};
    (void)reader.next();
    std::string_view const text = reader.string(scratch);
    return boost::json::string(text.data(), text.size());
}

}

#endif
