// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_CONNECTION_TARGET_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_CONNECTION_TARGET_IPP

#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/path_segment.hpp>
#include <backchannel/support/byte_words.hpp>

#include <optional>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

struct connection_target_parser {
    [[nodiscard]] static connection_target run(std::string_view target, std::optional<std::string_view> stage,
                                               target_form form) noexcept {
        using kind = connection_target::kind;
        connection_target result;
        std::string_view const path = path_of(target);
        if (path.empty() || path.front() != '/') return result;

        path_segment s;
        bool stage_matches = true, all_allowed = true, has_dots = false, found = false;
        std::string_view rest = path, wanted = stage.value_or(std::string_view{});
        for (auto raw = take_segment(rest); raw; raw = take_segment(rest)) {
            bool const plain = byte_words::same(*raw, "@connections"); // nearly always, so it need not be decoded
            if (!plain) s.decode(*raw, form);
            if (plain || (s.allowed() && s.text() == "@connections")) {
                result.stage_path_ = path.substr(0, static_cast<std::size_t>(raw->data() - path.data()));
                found = true;
                break;
            }
            all_allowed = all_allowed && s.allowed() && !s.has_slash();
            if (stage) {
                auto const expected = take_segment(wanted);
                stage_matches = stage_matches && expected && s.allowed() && *expected == s.text();
                has_dots = has_dots || s.is_dots();
            }
        }
        if (!found) return result;
        if (stage && !has_dots && (!stage_matches || take_segment(wanted)))
            return result; // whatever it is, not this stage
        if (!all_allowed) {
            result.kind_ = kind::invalid;
            return result;
        }

        bool const slash_follows = !rest.empty();
        auto const raw_id = take_segment(rest);
        if (!raw_id) {
            result.kind_ = slash_follows ? kind::empty_id : kind::collection;
            return result;
        }
        if (take_segment(rest)) return result; // something behind the id
        s.decode(*raw_id, form);
        if (!s.allowed()) {
            result.kind_ = kind::invalid;
            return result;
        }
        result.kind_ = kind::connection;
        result.id_size_ = static_cast<std::uint8_t>(s.text().size());
        s.text().copy(result.id_.data(), result.id_.size());
        return result;
    }
};

BACKCHANNEL_DECL connection_target connection_target::parse(std::string_view target, std::string_view stage,
                                                            target_form form) noexcept {
    return connection_target_parser::run(target, stage, form);
}

BACKCHANNEL_DECL connection_target connection_target::parse_any_stage(std::string_view target,
                                                                      target_form form) noexcept {
    return connection_target_parser::run(target, std::nullopt, form);
}

}

#endif
