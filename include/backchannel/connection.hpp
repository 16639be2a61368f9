// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CONNECTION_HPP
#define BACKCHANNEL_CONNECTION_HPP

#include <backchannel/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Deadlines and activity are measured on the steady clock.
using time_point = std::chrono::steady_clock::time_point;

/// What is shown to callers is wall-clock time with millisecond resolution.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// A unit of work for an event loop. Copyable on purpose: it fits every loop's queue.
using task = std::function<void()>;

/// Text or binary WebSocket message. RFC 6455 5.6.
enum class message_kind : std::uint8_t { text, binary };

/// What became of a message.
enum class delivery : std::uint8_t {
    accepted,     ///< queued, in order, on a connection that was open then
    backpressure, ///< not queued: the connection's queue is full
    gone,         ///< not queued: the connection is not open
    unavailable,  ///< certainly not sent, for a reason that may pass; never from a Transport
    unknown,      ///< perhaps sent; never from a Transport's `send`
    expired       ///< certainly not sent: its time was over before its turn came, see `send_terms`
};

/// A message that is not worth sending late, and when its sender hears of it.
struct send_terms {
    time_point not_after{};    ///< if it has not begun to be written to the socket by then, it is dropped
    bool when_written = false; ///< the answer waits until the operating system has taken all of it, or never will
};

/// Close code and reason of a WebSocket connection. RFC 6455 5.5.1: the reason is UTF-8 of at most 123 bytes.
struct close_frame {
    std::uint16_t code = 1000;
    std::string_view reason{};
};

/// Names and values that an application gives to a connection when it opens, kept as far as 1,024 bytes go;
/// each pair takes four beside its texts.
using connection_attributes = std::vector<std::pair<std::string, std::string>>;

/// What the server knows of a client when its WebSocket opens. All of it may be missing.
struct connection_info {
    std::string source_ip{};                ///< text of the peer's address
    std::string user_agent{};               ///< the handshake's User-Agent
    std::optional<time_point> expires_at{}; ///< closes the connection then (1008), e.g. when a client's token expires
    connection_attributes attributes{};     ///< shown to callers by dialects that have room for them
};

/// A snapshot of one open connection.
struct connection_state {
    wall_time connected_at{};
    wall_time last_active_at{};
    std::string source_ip{};
    std::string user_agent{};
    std::vector<std::string> tags{}; ///< in the order in which they were added
    connection_attributes attributes{};
};

/// What became of a wish to tag a connection.
enum class tagging : std::uint8_t {
    done,    ///< it has the tag now
    gone,    ///< the connection is not open
    limit,   ///< it has `max_tags` already, or there is no memory
    invalid, ///< the tag is not 1 to `max_tag_size` printable characters of ASCII without a space
};

inline constexpr std::size_t max_tags = 32;     ///< of one connection
inline constexpr std::size_t max_tag_size = 64; ///< bytes

[[nodiscard]] constexpr bool is_valid_tag(std::string_view tag) noexcept {
    for (char const c : tag)
        if (c <= ' ' || c > '~') return false;
    return !tag.empty() && tag.size() <= max_tag_size;
}

/// Who ended a connection.
enum class closed_by : std::uint8_t {
    peer,  ///< the client, or the network
    server ///< a caller, a deadline, the server itself
};

/// What is remembered of a connection that is closed.
struct tombstone {
    wall_time closed_at{};
    std::uint16_t code = 1006;
    closed_by by = closed_by::peer;
    std::string reason{}; ///< with `hub_options::close_reasons`
};

/// How many a message to many was meant for, and how many have it queued.
struct fan_out {
    std::size_t matched = 0, accepted = 0;
};

}

#endif
