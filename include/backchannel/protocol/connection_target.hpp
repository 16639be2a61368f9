// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_PROTOCOL_CONNECTION_TARGET_HPP
#define BACKCHANNEL_PROTOCOL_CONNECTION_TARGET_HPP

#include <backchannel/http.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

/// The path of a request target, without the query.
[[nodiscard]] constexpr std::string_view path_of(std::string_view target) noexcept {
    return target.substr(0, target.find('?'));
}

/// The query of a request target, without the '?'.
[[nodiscard]] constexpr std::string_view query_of(std::string_view target) noexcept {
    auto const mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

/// The request target `[/{stage}]/@connections/{connectionId}`, taken apart once for routing and for signing.
///
/// The raw path is split at '/' first and each segment is decoded once, so an escaped slash never makes a segment.
/// Empty segments are skipped. An id with '%', '\', a control byte or a byte over 0x7E, and dot segments anywhere are
/// `invalid`, for any stage also a stage with such a byte or '/': without them no two different meanings can share a
/// canonical request.
class connection_target {
public:
    static constexpr std::size_t max_id = 128; ///< bytes of a decoded id; a longer one is `invalid`

    enum class kind : std::uint8_t {
        foreign,    ///< no `@connections` segment, another stage, or something behind the id
        collection, ///< `.../@connections`, without an id
        connection, ///< `.../@connections/{id}`
        empty_id,   ///< `.../@connections/`
        invalid     ///< names a connection in a way that is refused
    };

    /// Precondition: `stage` is as it shows when decoded; it may hold several segments or none.
    [[nodiscard]] BACKCHANNEL_DECL static connection_target parse(std::string_view target, std::string_view stage,
                                                                  target_form form) noexcept;

    /// The same for any stage; `stage_path()` then tells which it was.
    [[nodiscard]] BACKCHANNEL_DECL static connection_target parse_any_stage(std::string_view target,
                                                                            target_form form) noexcept;

    [[nodiscard]] kind what() const noexcept { return kind_; }

    /// The decoded id of a `connection`.
    [[nodiscard]] std::string_view id() const noexcept { return {id_.data(), id_size_}; }

    /// The raw path in front of the `@connections` segment; its segments are still encoded.
    [[nodiscard]] std::string_view stage_path() const noexcept { return stage_path_; }

private:
    friend struct connection_target_parser;

    kind kind_ = kind::foreign;
    std::uint8_t id_size_ = 0;
    std::array<char, max_id> id_;
    std::string_view stage_path_{};
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/protocol/connection_target.ipp>
#endif

#endif
