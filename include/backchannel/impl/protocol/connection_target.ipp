// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_CONNECTION_TARGET_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_CONNECTION_TARGET_IPP

#include <backchannel/protocol/connection_target.hpp>

#include <optional>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

struct connection_target_parser {
    /// One segment, decoded into a bounded buffer.
    struct segment {
        std::array<char, connection_target::max_id> bytes;
        std::size_t size = 0;
        bool allowed = true; ///< no bad escape, no forbidden byte, not too long, no dot segment
        bool has_slash = false;

        [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), size}; }
        [[nodiscard]] bool is_dots() const noexcept { return text() == "." || text() == ".."; }
    };

    [[nodiscard]] static int hex(char c) noexcept {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    }

    static void decode(std::string_view raw, target_form form, segment& out) noexcept {
        out.size = 0;
        out.allowed = true;
        out.has_slash = false;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            char c = raw[i];
            if (c == '%') {
                int const high = form == target_form::raw && i + 2 < raw.size() ? hex(raw[i + 1]) : -1;
                int const low = high < 0 ? -1 : hex(raw[i + 2]);
                if (low < 0) {
                    out.allowed = false;
                    return;
                }
                c = static_cast<char>(high << 4 | low);
                i += 2;
            }
            auto const byte = static_cast<unsigned char>(c);
            if (byte < 0x20 || byte >= 0x7F || c == '%' || c == '\\' || out.size == out.bytes.size()) {
                out.allowed = false;
                return;
            }
            if (c == '/') out.has_slash = true;
            out.bytes[out.size++] = c;
        }
        if (out.is_dots()) out.allowed = false;
    }

    /// Takes the next non-empty raw segment off the path.
    [[nodiscard]] static std::optional<std::string_view> take(std::string_view& path) noexcept {
        while (!path.empty() && path.front() == '/') path.remove_prefix(1);
        if (path.empty()) return std::nullopt;
        auto const raw = path.substr(0, path.find('/'));
        path.remove_prefix(raw.size());
        return raw;
    }

    [[nodiscard]] static connection_target run(std::string_view target, std::optional<std::string_view> stage,
                                               target_form form) noexcept {
        using kind = connection_target::kind;
        connection_target result;
        std::string_view const path = path_of(target);
        if (path.empty() || path.front() != '/') return result;

        segment s;
        bool stage_matches = true, all_allowed = true, has_dots = false, found = false;
        std::string_view rest = path, wanted = stage.value_or(std::string_view{});
        for (auto raw = take(rest); raw; raw = take(rest)) {
            decode(*raw, form, s);
            if (s.allowed && s.text() == "@connections") {
                result.stage_path_ = path.substr(0, static_cast<std::size_t>(raw->data() - path.data()));
                found = true;
                break;
            }
            all_allowed = all_allowed && s.allowed && !s.has_slash;
            if (stage) {
                auto const expected = take(wanted);
                stage_matches = stage_matches && expected && s.allowed && *expected == s.text();
                has_dots = has_dots || s.is_dots();
            }
        }
        if (!found) return result;
        if (stage && !has_dots && (!stage_matches || take(wanted))) return result; // whatever it is, not this stage
        if (!all_allowed) {
            result.kind_ = kind::invalid;
            return result;
        }

        bool const slash_follows = !rest.empty();
        auto const raw_id = take(rest);
        if (!raw_id) {
            result.kind_ = slash_follows ? kind::empty_id : kind::collection;
            return result;
        }
        if (take(rest)) return result; // something behind the id
        decode(*raw_id, form, s);
        if (!s.allowed) {
            result.kind_ = kind::invalid;
            return result;
        }
        result.kind_ = kind::connection;
        result.id_size_ = static_cast<std::uint8_t>(s.size);
        for (std::size_t i = 0; i != s.size; ++i) result.id_[i] = s.bytes[i];
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
