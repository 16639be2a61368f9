// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_YANDEX_TARGET_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_YANDEX_TARGET_IPP

#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/path_segment.hpp>
#include <backchannel/protocol/yandex_target.hpp>

#include <cstring>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

BACKCHANNEL_DECL yandex_target yandex_target::parse(std::string_view target, target_form form) noexcept {
    yandex_target result;
    std::string_view rest = path_of(target);
    if (rest.empty() || rest.front() != '/') return result;
    path_segment s;
    for (std::string_view const expected : {"apigateways", "websocket", "v1", "connections"}) {
        auto const raw = take_segment(rest);
        if (!raw) return result;
        s.decode(*raw, form);
        if (!s.allowed() || s.text() != expected) return result;
    }

    result.kind_ = kind::invalid;
    auto const raw_id = take_segment(rest);
    if (!raw_id) return result;
    s.decode(*raw_id, form);
    if (!s.allowed()) return result;
    std::string_view id = s.text(), verb;
    if (auto const colon = id.rfind(':'); colon != std::string_view::npos) {
        verb = id.substr(colon);
        id = id.substr(0, colon);
    }
    path_segment behind;
    if (auto const raw_verb = take_segment(rest)) {
        behind.decode(*raw_verb, form);
        bool const is_verb = verb.empty() && behind.allowed() && behind.text().starts_with(':') && !take_segment(rest);
        if (!is_verb) {
            result.kind_ = kind::foreign; // something else behind the id
            return result;
        }
        verb = behind.text();
    }
    if (id.empty() || id.size() > max_id) return result;
    std::memcpy(result.id_.data(), id.data(), id.size());
    result.id_size_ = static_cast<std::uint8_t>(id.size());
    result.kind_ = verb.empty() ? kind::connection : verb == ":send" ? kind::send : kind::other_verb;
    return result;
}

}

#endif
