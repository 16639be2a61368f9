// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_WEBSOCKET_EXTENSIONS_HPP
#define BACKCHANNEL_PROTOCOL_WEBSOCKET_EXTENSIONS_HPP

#include <backchannel/http.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

/// The value of an extension's parameter: a token, which may have been sent in quotes. RFC 6455 9.1.
class extension_value {
public:
    /// `sent`: without the quotes, but with the backslashes between them.
    explicit extension_value(std::string_view sent) noexcept : sent_{sent} {}

    /// Compared with case, and without the backslashes.
    [[nodiscard]] friend bool operator==(extension_value value, std::string_view text) noexcept {
        return value.equals(text);
    }

private:
    [[nodiscard]] BACKCHANNEL_DECL bool equals(std::string_view text) const noexcept;

    std::string_view sent_;
};

/// Reads Sec-WebSocket-Extensions, all its lines together: each extension, then its parameters. RFC 6455 9.1.
///
/// Blanks may stand around every separator. No allocation; not thread-safe.
class extension_reader {
public:
    static constexpr std::size_t max_extensions = 32;
    static constexpr std::size_t max_parameters = 16; ///< of one extension

    enum class item : std::uint8_t {
        extension, ///< has a `name`
        parameter, ///< of the last extension; has a `name` and, maybe, a `value`
        end,
        malformed ///< breaks the grammar or one of the maxima; nothing comes behind it
    };

    /// `headers` are all those of the handshake; they and what they point to must outlive the reader.
    explicit extension_reader(std::span<header_view const> headers) noexcept : headers_{headers} {}

    [[nodiscard]] BACKCHANNEL_DECL item next() noexcept;

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::optional<extension_value> value() const noexcept { return value_; }

private:
    [[nodiscard]] BACKCHANNEL_DECL bool open_line() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL item read_extension() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL item read_parameter() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_value() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_quoted() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL std::string_view take_token() noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool take(char separator) noexcept;
    BACKCHANNEL_DECL void skip_blanks() noexcept;

    enum class place : std::uint8_t {
        outside,    // of every line
        line_start, // no extension in this line so far
        between,    // behind a comma
        extension,  // behind a name or a parameter
        failed
    };

    std::span<header_view const> headers_; // those that come next
    std::string_view rest_{};              // of the line
    std::string_view name_{};
    std::optional<extension_value> value_{};
    std::size_t extensions_ = 0, parameters_ = 0;
    place place_ = place::outside;
};

/// Whether all of Sec-WebSocket-Extensions can be read. If not, the handshake must fail (400), whatever is supported.
[[nodiscard]] BACKCHANNEL_DECL bool extensions_are_valid(std::span<header_view const> headers) noexcept;

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/websocket_extensions.ipp>
#endif

#endif
