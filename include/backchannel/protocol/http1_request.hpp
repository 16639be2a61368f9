// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_HTTP1_REQUEST_HPP
#define BACKCHANNEL_PROTOCOL_HTTP1_REQUEST_HPP

#include <backchannel/config.hpp>
#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_syntax.hpp>
#include <backchannel/protocol/parse_error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI::http1 {

/// How much of a request head is accepted. Each limit is the largest value that still passes.
struct head_limits {
    std::size_t target = 8192; ///< bytes of the request target
    std::size_t head = 16384;  ///< bytes from the first byte of the request to the end of the blank line
    std::size_t headers = 100; ///< header lines
};

/// A parsed request head. Its views point into the buffer that the parser was given last, or at constants.
///
/// One object can serve all connections of an event loop: it keeps the capacity of `headers`.
struct request_head {
    std::string_view method;
    std::string_view target;          ///< byte for byte as received
    std::string_view target_path;     ///< path and query: `target` without scheme and authority, or `*`
    std::string_view authority;       ///< of an absolute-form target, else of Host; may be empty in HTTP/1.0
    std::vector<header_view> headers; ///< in order; names in any case, values without blanks around them; Host as
                                      ///< `authority`
    int minor_version = 1;            ///< 0 for HTTP/1.0; above 1 is to be answered like 1
    std::optional<std::uint64_t> content_length{};
    bool chunked = false;         ///< a chunked body follows
    bool keep_alive = false;      ///< the client allows another request on this connection. RFC 9112 9.3
    bool expect_continue = false; ///< the client waits for a 100 before it sends its body. RFC 9110 10.1.1
    bool upgrade = false;         ///< asks to upgrade to `websocket`. RFC 9110 7.8
    std::size_t size = 0;         ///< bytes of the head, from the buffer's begin to behind the blank line

    /// The value of the first header of that name, empty if there is none.
    [[nodiscard]] BACKCHANNEL_DECL std::string_view find(std::string_view name) const noexcept;

    BACKCHANNEL_DECL void clear() noexcept;
};

/// Reads request heads, strictly by RFC 9112: CR LF line ends, single spaces, no folding, one valid Host.
///
/// It checks each byte as it arrives and gives up at the first that is wrong, or at a limit, so the outcome does not
/// depend on how the bytes were cut; a head that came in pieces is read once more when it is complete. It keeps no
/// views between calls and allocates only what `request_head::headers` does. Not thread-safe; one per connection.
///
/// Choices the RFC leaves open: one empty line before the request is skipped; bytes of a target are visible ASCII
/// except `#` (the rest of what RFC 3986 leaves out is sent raw by browsers, and harms nobody who doesn't decode it);
/// absolute-form is taken for http and https only, its path must not be empty in front of a query, and its
/// authority takes the place of Host, in `headers` too (RFC 9112 3.2.2); HTTP/1.2 to 1.9 are read like 1.1 (RFC
/// 9110 2.5). Stricter than the RFC: empty elements of Transfer-Encoding are refused, as parsers disagree about them,
/// and a method that is too long is 400, not 501.
class request_parser {
public:
    enum class status : std::uint8_t {
        need_more, ///< call again when the buffer has grown
        complete,  ///< `out` is filled; the parser is ready for the next request
        failed     ///< see `error()`; stays so until `reset()`
    };

    explicit request_parser(head_limits limits = {}) noexcept : limits_{limits} {}

    /// Looks at the bytes that are new since the last call.
    ///
    /// `buffer` begins with the first byte of the request each time and only grows, but may move. `out` holds a
    /// request after `complete` and is empty otherwise. Throws only what growing `out.headers` throws, and can be
    /// called again after that.
    [[nodiscard]] BACKCHANNEL_DECL status parse(std::string_view buffer, request_head& out);

    [[nodiscard]] parse_error error() const noexcept { return error_; }

    /// Whether the request that was begun is HEAD: an answer that refuses it has no content either. RFC 9110 9.3.2.
    [[nodiscard]] bool is_head() const noexcept { return is_head_; }

    /// Forgets a request that was begun.
    void reset() noexcept { *this = request_parser{limits_}; }

private:
    enum class state : std::uint8_t {
        start,
        empty_line_lf,
        method,
        target,
        version,
        request_lf,
        line_start,
        name,
        value,
        value_lf,
        head_lf
    };

    // What the header lines so far have said.
    struct findings {
        std::optional<std::uint64_t> content_length{};
        bool host : 1 = false;
        bool chunked : 1 = false;
        bool close : 1 = false;
        bool persist : 1 = false;
        bool connection_upgrade : 1 = false;
        bool websocket : 1 = false;
        bool expect_continue : 1 = false;
    };

    [[nodiscard]] BACKCHANNEL_DECL status run(std::string_view text, request_head* out);

    // These read on from position_ to the end of their element or of the text; false after a mistake.
    [[nodiscard]] BACKCHANNEL_DECL bool read_method(std::string_view text) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_target(std::string_view text) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_version(std::string_view text) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_name(std::string_view text) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_value(std::string_view text) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool read_lines(std::string_view text, request_head* out);
    [[nodiscard]] BACKCHANNEL_DECL bool begin_line(char c) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool expect(char wanted, char c, state next) noexcept;

    [[nodiscard]] BACKCHANNEL_DECL bool check_request_line(std::string_view text) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL bool end_header(std::string_view text, request_head* out);
    [[nodiscard]] BACKCHANNEL_DECL bool take_header(std::string_view name, std::string_view value, request_head* out);
    [[nodiscard]] BACKCHANNEL_DECL parse_error check_header(header_view const& header) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL parse_error check_transfer_encoding(std::string_view value) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL parse_error check_content_length(std::string_view value) noexcept;
    BACKCHANNEL_DECL void note_connection(std::string_view value) noexcept;
    BACKCHANNEL_DECL void fill(std::string_view text, request_head& out) const noexcept;

    [[nodiscard]] std::string_view method_in(std::string_view text) const noexcept {
        return {text.data() + line_, method_size_};
    }
    [[nodiscard]] std::string_view target_in(std::string_view text) const noexcept {
        return {text.data() + line_ + method_size_ + 1, target_size_};
    }
    bool fail(parse_error error) noexcept {
        error_ = error;
        return false;
    }

    head_limits limits_;
    std::size_t position_ = 0; // first byte not looked at
    std::size_t line_ = 0;     // where the request line begins
    std::size_t mark_ = 0;     // where the method, target, version or header line at hand begins
    std::size_t name_size_ = 0;
    std::size_t target_size_ = 0;
    std::size_t header_count_ = 0;
    findings found_{};
    std::uint8_t method_size_ = 0;
    std::uint8_t minor_version_ = 1;
    bool is_head_ = false;
    state state_ = state::start;
    parse_error error_ = parse_error::none;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/http1_request.ipp>
#endif

#endif
