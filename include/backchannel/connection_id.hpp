// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CONNECTION_ID_HPP
#define BACKCHANNEL_CONNECTION_ID_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The id of one connection: 16 base64url characters (RFC 4648 5), kept inline as two words.
class connection_id {
public:
    static constexpr std::size_t size = 16;

    connection_id() noexcept = default;
    connection_id(std::uint64_t first, std::uint64_t second) noexcept : words_{first, second} {}

    /// Takes 16 characters as they are. Precondition: `text.size() == size`.
    [[nodiscard]] static connection_id from_text(std::string_view text) noexcept {
        connection_id id;
        std::memcpy(id.words_.data(), text.data(), size);
        return id;
    }

    /// The first and the last eight characters, in memory order.
    [[nodiscard]] std::uint64_t first() const noexcept { return words_[0]; }
    [[nodiscard]] std::uint64_t second() const noexcept { return words_[1]; }

    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<char const*>(words_.data()), size};
    }

    [[nodiscard]] bool operator==(connection_id const&) const noexcept = default;

private:
    std::array<std::uint64_t, 2> words_{};
};

/// How a hub's ids look outside: this codec shows the 16 characters as they are.
///
/// It takes texts that have the shape of such an id, and of an id of AWS' (15 characters and a '='), though it makes none
/// of those: an id that a backend has kept from another gateway is gone, not malformed.
///
/// A codec of one's own (trait `ids`) maps the local id to another text and back, e.g. with a node's name in front of
/// it. It has `max_size`, the longest text in bytes; `encode`, which writes the text and returns its size; and
/// `decode`, which gives nullopt for a text that no id of this codec can have. Both are called from any thread and
/// must not throw. The local id is unforgeable by itself; a codec must not lose any of its characters.
struct plain_ids {
    static constexpr std::size_t max_size = connection_id::size;

    std::size_t encode(connection_id const& id, char* out) const noexcept {
        std::memcpy(out, id.text().data(), connection_id::size);
        return connection_id::size;
    }

    [[nodiscard]] std::optional<connection_id> decode(std::string_view text) const noexcept {
        if (text.size() != connection_id::size) return std::nullopt;
        bool const padded = text.back() == '=';
        for (char const c : text.substr(0, padded ? connection_id::size - 1 : connection_id::size)) {
            bool const known = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                               c == '-' || c == '_';
            if (!known) return std::nullopt;
        }
        return connection_id::from_text(text);
    }
};

}

#endif
