// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HTTP_HPP
#define BACKCHANNEL_HTTP_HPP

#include <backchannel/completion.hpp>
#include <backchannel/config.hpp>
#include <backchannel/support/byte_words.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

class message_buffer;

/// One header field as it was received: the name in any case, the value without the blanks around it.
struct header_view {
    std::string_view name, value;
};

/// Whether the request target still is what stood in the request line.
enum class target_form : std::uint8_t {
    raw,    ///< byte for byte as received, escapes kept; what signatures need
    decoded ///< the server has undone escapes and hides the raw form (libwebsockets, Wt)
};

/// An HTTP request, borrowed from the server until the call that takes it returns.
///
/// `headers` holds every field as received (repeated names as repeated entries, or joined with ',' where the server
/// joins them), `body` the whole decoded body. RFC 9110 6.
struct request_view {
    std::string_view method;
    std::string_view target;
    std::span<header_view const> headers{};
    std::string_view body{};
    target_form form = target_form::raw;
    std::string_view source_ip{}; ///< the caller's address, if a policy with `aws:SourceIp` is to be evaluated
    std::optional<bool> secure{}; ///< whether the request came over TLS, if known (`aws:SecureTransport`)
    bool streams = false;         ///< whether the server can write an answer's `stream`
    message_buffer const* body_memory = nullptr; ///< where `body` stands, if that may be taken over; not to be kept
};

/// The body of an answer that comes bit by bit, and may never end. Used on one thread at a time.
class body_stream {
public:
    virtual ~body_stream() = default;

    /// Appends what there is now, some `room` bytes at most. False: nothing more will come.
    virtual bool read(std::string& out, std::size_t room) = 0;

    /// Calls `wake` once, on any thread, when there is more; now, if there is. The next call takes its place.
    virtual void wait(std::function<void()> wake) = 0;

    /// So long a connection may have nothing before it is kept alive.
    static constexpr std::chrono::milliseconds quiet{15'000};

    /// Appends what keeps a quiet connection alive: something.
    virtual void keep_alive(std::string& out) = 0;
};

/// Compares two header names or tokens, ASCII letters without case. RFC 9110 5.1.
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && byte_words::same_letters(a.data(), b.data(), a.size());
}

/// The first header of that name, or nullptr.
[[nodiscard]] BACKCHANNEL_DECL header_view const* find_header(std::span<header_view const> headers,
                                                              std::string_view name) noexcept;

/// Header fields of a response, kept as the lines that go on the wire.
///
/// Up to `inline_capacity` bytes need no allocation; the fields survive a move and a copy.
class header_lines {
public:
    static constexpr std::size_t inline_capacity = 240;

    /// Appends `name: value`. False, and nothing is added, if the name is no token or the value has a control
    /// character other than a tab (RFC 9110 5.5).
    BACKCHANNEL_DECL bool add(std::string_view name, std::string_view value);

    /// The same without a look at them. Precondition: `add` would return true.
    BACKCHANNEL_DECL void add_checked(std::string_view name, std::string_view value);

    /// Appends a whole line as `text` shows it. Precondition: the same, and the server does not decide about the field.
    BACKCHANNEL_DECL void add_line(std::string_view line);

    /// `Name: value\r\n` for each field, in the order they were added; no blank line at the end.
    [[nodiscard]] std::string_view text() const noexcept {
        return overflow_.empty() ? std::string_view{inline_.data(), size_} : std::string_view{overflow_};
    }

    /// Whether one of them may be `Connection`, `Content-Length` or `Transfer-Encoding`.
    [[nodiscard]] bool may_have_framing() const noexcept { return may_have_framing_; }

    /// The value of the first field of that name.
    [[nodiscard]] BACKCHANNEL_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// Calls `visit(header_view)` for each field in order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::string_view rest = text(); !rest.empty();) visit(take_line(rest));
    }

private:
    [[nodiscard]] BACKCHANNEL_DECL static header_view take_line(std::string_view& rest) noexcept;
    [[nodiscard]] BACKCHANNEL_DECL char* extend(std::size_t size);

    std::array<char, inline_capacity> inline_;
    std::uint16_t size_ = 0;
    bool may_have_framing_ = false;
    std::string overflow_;
};

/// An HTTP response that owns its bytes; an empty one allocates nothing.
///
/// `Content-Length`, `Connection` and the like are the server's: it knows the body and the connection. A 204 has no
/// body and must be sent without `Content-Length` (RFC 9110 8.6).
struct response {
    int status = 200;
    header_lines headers;
    std::string body; ///< to a HEAD: what GET would get, of which only the size is sent
    std::shared_ptr<body_stream> stream{}; ///< to a request that `streams`: the body, instead of `body`

    response() = default;
    explicit response(int code) : status{code} {}
    response(int code, std::string_view content_type, std::string text) : status{code}, body{std::move(text)} {
        headers.add("Content-Type", content_type);
    }
};

/// A completion that is dropped uncalled reports no status at all, which nobody can answer with.
template <>
struct lost<response> {
    static response value() { return response{0}; }
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/http.ipp>
#endif

#endif
