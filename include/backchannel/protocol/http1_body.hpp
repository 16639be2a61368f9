// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_HTTP1_BODY_HPP
#define BACKCHANNEL_PROTOCOL_HTTP1_BODY_HPP

#include <backchannel/config.hpp>
#include <backchannel/protocol/http1_request.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

/// How much a chunked body may carry beside its data. Each limit is the largest value that still passes.
struct chunk_limits {
    std::uint32_t extensions = 4096; ///< bytes of all chunk extensions of the body, with the blanks and semicolons
    std::uint32_t trailers = 8192;   ///< bytes of all trailer lines with their line ends, without the blank line
};

/// Finds a request's body in the bytes behind its head, without copying them. RFC 9112 6 and 7.1.
///
/// The result doesn't depend on how the bytes were cut. Chunk extensions and trailer fields must be well formed and are
/// dropped. A body over the limit is refused as soon as its length is known: from Content-Length before the first
/// byte, from a chunk's size before that chunk's data. No allocation. Not thread-safe; one object per request.
class body_reader {
public:
    struct step {
        std::string_view data{};               ///< the next bytes of the body; a view into the input
        std::size_t consumed = 0;              ///< bytes of the input that need not be shown again
        bool done = false;                     ///< the body is complete, the next byte is another request's
        parse_error error = parse_error::none; ///< final: the connection can't be used any more
    };

    /// `limit`: the largest body that passes, in bytes.
    BACKCHANNEL_DECL body_reader(request_head const& head, std::uint64_t limit, chunk_limits limits = {}) noexcept;

    /// Looks at the next bytes, and returns with the first piece of the body among them.
    ///
    /// Call it again with what it did not consume, and go on until `done`, an error, or nothing is left: the first
    /// time right behind the head, even with no input, as a request without a body is done at once.
    [[nodiscard]] BACKCHANNEL_DECL step next(std::string_view input) noexcept;

private:
    enum class state : std::uint8_t {
        done,
        body,
        chunk_size,
        extension_blank, // blanks that must lead to a semicolon
        extension_begin,
        extension_name,
        extension_name_blank, // blanks that must lead to a semicolon or an equals sign
        extension_value_begin,
        extension_token,
        extension_quoted,
        extension_escape,
        extension_quoted_end,
        chunk_lf,
        chunk_data,
        data_cr,
        data_lf,
        trailer_begin,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf
    };

    [[nodiscard]] BACKCHANNEL_DECL std::string_view take_data(std::string_view input) noexcept;
    // These take one byte; false after a mistake.
    [[nodiscard]] BACKCHANNEL_DECL bool take(char c) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool take_size(char c) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool take_extension(char c) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool take_trailer(char c) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool end_extension(char c) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool end_size() noexcept;

    bool go(state next) noexcept {
        state_ = next;
        return true;
    }
    bool fail(parse_error error) noexcept {
        error_ = error;
        return false;
    }
    bool go_if(bool right, state next, parse_error otherwise) noexcept { return right ? go(next) : fail(otherwise); }

    std::uint64_t allowed_;       // bytes of the body that may still be announced
    std::uint64_t remaining_ = 0; // bytes left of the body or of this chunk
    chunk_limits limits_;         // what is left of them
    std::uint8_t digits_ = 0;
    state state_ = state::done;
    parse_error error_ = parse_error::none;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/http1_body.ipp>
#endif

#endif
