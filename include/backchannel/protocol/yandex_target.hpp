// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_YANDEX_TARGET_HPP
#define BACKCHANNEL_PROTOCOL_YANDEX_TARGET_HPP

#include <backchannel/http.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// The request target `/apigateways/websocket/v1/connections/{connectionId}[:{verb}]`.
///
/// The verb may stand behind a slash, `/{connectionId}/:send`, and the colon and the id may be escaped. Segments are
/// decoded once and empty ones are skipped, as in `connection_target`.
class yandex_target {
public:
    static constexpr std::size_t max_id = 50; ///< bytes of a decoded id; a longer one is `invalid`

    enum class kind : std::uint8_t {
        foreign,    ///< another path
        connection, ///< names a connection
        send,       ///< the same with the verb `send`
        other_verb, ///< the same with a verb that does not exist
        invalid     ///< the id is missing, too long or not allowed
    };

    [[nodiscard]] BACKCHANNEL_DECL static yandex_target parse(std::string_view target, target_form form) noexcept;

    [[nodiscard]] kind what() const noexcept { return kind_; }

    /// The decoded id; empty if it is `foreign` or `invalid`.
    [[nodiscard]] std::string_view id() const noexcept { return {id_.data(), id_size_}; }

private:
    kind kind_ = kind::foreign;
    std::uint8_t id_size_ = 0;
    std::array<char, max_id> id_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/yandex_target.ipp>
#endif

#endif
