// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_PROTOCOL_JSON_VALUE_IPP
#define BACKCHANNEL_IMPL_PROTOCOL_JSON_VALUE_IPP

#include <backchannel/protocol/json_value.hpp>

#include <algorithm>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI::protocol {

namespace detail_json_value {

// Builds a value out of the reader's tokens.
struct builder {
    json_reader& in;
    std::size_t values_left;
    std::string error{};
    std::size_t error_offset = 0;

    bool fail(std::size_t offset, std::string message) {
        error = std::move(message);
        error_offset = offset;
        return false;
    }
    bool fail_as_reader() { return fail(in.offset(), std::string(in.error())); }

    [[nodiscard]] std::string text() const {
        std::string scratch;
        return std::string(in.string(scratch));
    }

    // Builds the value whose first token was read last. As deep as the reader lets it nest.
    bool build(json_value& value) {
        value.offset = in.offset();
        if (in.token() == json_token::error) return fail_as_reader();
        if (values_left == 0) return fail(in.offset(), "too many values");
        --values_left;
        switch (in.token()) {
        case json_token::begin_object:
            return build_object(value);
        case json_token::begin_array:
            return build_array(value);
        case json_token::string:
            value.kind = json_kind::string;
            value.text = text();
            return true;
        case json_token::number:
            value.kind = json_kind::number;
            value.text = std::string(in.raw());
            return true;
        case json_token::true_value:
        case json_token::false_value:
            value.kind = json_kind::boolean;
            value.boolean = in.token() == json_token::true_value;
            return true;
        case json_token::null_value:
            value.kind = json_kind::null;
            return true;
        default:
            return fail_as_reader();
        }
    }

    bool build_array(json_value& value) {
        value.kind = json_kind::array;
        while (in.next() != json_token::end_array) {
            value.items.emplace_back();
            if (!build(value.items.back())) return false;
        }
        return true;
    }

    bool build_object(json_value& value) {
        value.kind = json_kind::object;
        while (in.next() != json_token::end_object) {
            if (in.token() != json_token::name) return fail_as_reader();
            json_member& member = value.members.emplace_back();
            member.name = text();
            member.offset = in.offset();
            in.next();
            if (!build(member.value)) return false;
        }
        return names_differ(value.members);
    }

    bool names_differ(std::vector<json_member> const& members) {
        std::vector<json_member const*> sorted;
        sorted.reserve(members.size());
        for (json_member const& member : members) sorted.push_back(&member);
        std::sort(sorted.begin(), sorted.end(), [](json_member const* a, json_member const* b) {
            return a->name != b->name ? a->name < b->name : a->offset < b->offset;
        });
        auto const twice = std::adjacent_find(sorted.begin(), sorted.end(),
                                              [](auto const* a, auto const* b) { return a->name == b->name; });
        if (twice == sorted.end()) return true;
        return fail((*(twice + 1))->offset, "the object has two members named \"" + (*twice)->name + '"');
    }
};

}

BACKCHANNEL_DECL json_position json_position_of(std::string_view text, std::size_t offset) noexcept {
    json_position position;
    for (char const c : text.substr(0, offset)) {
        if (c == '\n') {
            ++position.line;
            position.column = 1;
        } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
            ++position.column;
        }
    }
    return position;
}

BACKCHANNEL_DECL json_value const* json_value::find(std::string_view name) const noexcept {
    for (json_member const& member : members)
        if (member.name == name) return &member.value;
    return nullptr;
}

BACKCHANNEL_DECL json_result parse_json(std::string_view text, json_limits limits) {
    json_result result;
    auto const fail = [&](std::size_t offset, std::string message) {
        result.value.reset();
        result.error = {std::move(message), offset, json_position_of(text, offset)};
    };
    if (text.size() > limits.size) {
        fail(0, "the text is longer than " + std::to_string(limits.size) + " bytes");
        return result;
    }
    json_reader in(text, limits.depth);
    detail_json_value::builder out{in, limits.values};
    in.next();
    if (!out.build(result.value.emplace())) {
        fail(out.error_offset, std::move(out.error));
    } else if (in.next() != json_token::end) {
        fail(in.offset(), std::string(in.error()));
    }
    return result;
}

}

#endif
