// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_PERMESSAGE_DEFLATE_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_PERMESSAGE_DEFLATE_IPP

#include <backchannel/protocol/permessage_deflate.hpp>
#include <backchannel/protocol/websocket_extensions.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::websocket {

namespace detail_deflate {

inline constexpr std::string_view extension_name = "permessage-deflate";
inline constexpr int smallest_window = 8, smallest_own_window = 9, largest_window = 15;

// One offer, as far as it has been read.
class offer {
public:
    // False: no offer with this parameter can be accepted.
    [[nodiscard]] bool take(std::string_view name, std::optional<extension_value> value) noexcept {
        if (name == "server_no_context_takeover") return take_flag(server_resets_, value);
        if (name == "client_no_context_takeover") return take_flag(client_resets_, value);
        if (name == "server_max_window_bits") return value.has_value() && take_bits(server_bits_, value);
        if (name == "client_max_window_bits") return take_bits(client_bits_, value);
        return false;
    }

    [[nodiscard]] std::optional<deflate_agreement> accept(deflate_settings const& settings) const {
        int const own = std::clamp(settings.server_max_window_bits, smallest_own_window, largest_window);
        int const theirs = std::clamp(settings.client_max_window_bits, smallest_window, largest_window);
        deflate_agreement agreed;
        agreed.server_context_takeover = settings.server_context_takeover && !server_resets_;
        agreed.client_context_takeover = settings.client_context_takeover && !client_resets_;
        agreed.server_window_bits = std::min(own, server_bits_.value_or(largest_window));
        agreed.client_window_bits = std::min(theirs, client_bits_.value_or(largest_window));
        if (agreed.server_window_bits < smallest_own_window) return std::nullopt;
        // a client that has not named the parameter would fail on an answer with it
        if (theirs != largest_window && !client_bits_.has_value()) return std::nullopt;

        agreed.answer = extension_name;
        if (!agreed.server_context_takeover) agreed.answer.append("; server_no_context_takeover");
        if (!agreed.client_context_takeover) agreed.answer.append("; client_no_context_takeover");
        if (server_bits_.has_value() || agreed.server_window_bits != largest_window)
            agreed.answer.append("; server_max_window_bits=").append(std::to_string(agreed.server_window_bits));
        if (agreed.client_window_bits != largest_window)
            agreed.answer.append("; client_max_window_bits=").append(std::to_string(agreed.client_window_bits));
        return agreed;
    }

private:
    [[nodiscard]] static bool take_flag(bool& flag, std::optional<extension_value> value) noexcept {
        if (flag || value.has_value()) return false;
        flag = true;
        return true;
    }

    [[nodiscard]] static bool take_bits(std::optional<int>& bits, std::optional<extension_value> value) noexcept {
        constexpr std::array<std::string_view, 8> numbers{"8", "9", "10", "11", "12", "13", "14", "15"};
        if (bits.has_value()) return false;
        if (!value.has_value()) {
            bits = largest_window;
            return true;
        }
        for (std::size_t i = 0; i != numbers.size(); ++i)
            if (*value == numbers[i]) bits = smallest_window + static_cast<int>(i);
        return bits.has_value();
    }

    bool server_resets_ = false, client_resets_ = false;
    std::optional<int> server_bits_{}, client_bits_{};
};

}

BACKCHANNEL_DECL std::optional<deflate_agreement> negotiate_deflate(std::span<header_view const> headers,
                                                                    deflate_settings const& settings) {
    std::optional<deflate_agreement> chosen;
    std::optional<detail_deflate::offer> open; // the offer that is being read, while it can be accepted
    extension_reader reader{headers};
    for (;;) {
        extension_reader::item const found = reader.next();
        if (found == extension_reader::item::malformed) return std::nullopt;
        if (found == extension_reader::item::parameter) {
            if (open.has_value() && !open->take(reader.name(), reader.value())) open.reset();
            continue;
        }
        if (open.has_value() && !chosen.has_value()) chosen = open->accept(settings);
        if (found == extension_reader::item::end) return chosen;
        open.reset();
        if (reader.name() == detail_deflate::extension_name) open.emplace();
    }
}

}

#endif
