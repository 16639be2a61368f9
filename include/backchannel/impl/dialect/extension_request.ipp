// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_IMPL_DIALECT_EXTENSION_REQUEST_IPP
#define BACKCHANNEL_IMPL_DIALECT_EXTENSION_REQUEST_IPP

#include <backchannel/dialect/extensions.hpp>
#include <backchannel/protocol/percent.hpp>
#include <backchannel/protocol/utf8.hpp>
#include <backchannel/protocol/websocket_frame_header.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <initializer_list>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI::detail_extensions {

using what = extended_dialect::request::kind;

inline constexpr std::string_view bad_tag = "tag: 1 to 64 printable characters are expected";

/// `{connection}/tags/{tag}`: the path of the connection, and the tag as it stands there.
struct tag_path {
    std::string_view connection{}, tag{};

    /// Empty: another path.
    [[nodiscard]] static tag_path parse(std::string_view target, target_form form) {
        std::string_view path = protocol::path_of(target);
        auto const last = path.rfind('/');
        if (last == std::string_view::npos || last == 0) return {};
        std::string_view const tag = path.substr(last + 1);
        path = path.substr(0, last);
        auto const before = path.rfind('/');
        if (before == std::string_view::npos) return {};
        std::string name{path.substr(before + 1)};
        if (form == target_form::raw) {
            std::string decoded;
            if (!protocol::append_percent_decoded(decoded, name)) return {};
            name = std::move(decoded);
        }
        if (name != "tags") return {};
        return {path.substr(0, before), tag};
    }
};

template <class Number>
[[nodiscard]] bool read_number(std::string_view text, Number& number, Number least, Number most) {
    auto const end = text.data() + text.size();
    auto const read = std::from_chars(text.data(), end, number);
    return !text.empty() && read.ec == std::errc{} && read.ptr == end && number >= least && number <= most;
}

/// Reads one parameter into a request; the complaint is empty if it is good. Unknown ones are somebody else's.
class parameter_reader {
public:
    explicit parameter_reader(extended_dialect::request& r) noexcept : request_{r} {}

    [[nodiscard]] std::string read(std::string_view name, std::string_view value) {
        using enum extended_dialect::request::kind;
        bool const many = is_one_of({send_many, close_many}), closes = is_one_of({close, close_many}),
                   sends = request_.what == send_many || request_.what == plain;
        if (name == "id" && many) return request_.ids.emplace_back(value), std::string{};
        if (name == "tag" && (many || request_.what == list)) return once(tag_, name, read_tag(value));
        if (name == "all" && many) return once(all_, name, read_all(value));
        if (name == "type" && sends) return once(type_, name, read_type(value));
        if (name == "code" && closes) return once(code_, name, read_code(value));
        if (name == "reason" && closes) return once(reason_, name, read_reason(value));
        if (name == "limit" && request_.what == list) return once(limit_, name, read_limit(value));
        if (name == "events" && request_.what == list) return once(events_, name, read_events(value));
        if (name == "count" && request_.what == list) return once(count_, name, read_count(value));
        if (name == "cursor" && request_.what == list) return once(cursor_, name, read_cursor(value));
        if (name == "ack" && sends) return once(ack_, name, read_ack(value));
        if (name == "ttl" && sends) return once(ttl_, name, read_ttl(value));
        return {};
    }

    /// What only shows when all have been read.
    [[nodiscard]] std::string finish() {
        if (events_ && (tag_ || limit_ || cursor_ || count_)) return "events: stands alone";
        if (events_) request_.what = what::watch;
        if (counts_) request_.what = what::count;
        if (request_.when_written && request_.ttl > extended_dialect::max_wait) return "ttl: up to 30 with ack=written";
        if (request_.when_written && request_.what == what::send_many) return "ack: written is for one connection";
        if (!is_one_of({what::send_many, what::close_many})) return {};
        int const selectors = int{!request_.ids.empty()} + int{tag_} + int{request_.all};
        return selectors == 1 ? std::string{} : "exactly one of id, tag and all=true is expected";
    }

private:
    [[nodiscard]] bool is_one_of(std::initializer_list<what> kinds) const noexcept {
        return std::find(kinds.begin(), kinds.end(), request_.what) != kinds.end();
    }
    [[nodiscard]] static std::string once(bool& seen, std::string_view name, std::string complaint) {
        if (!std::exchange(seen, true)) return complaint;
        return std::string{name}.append(": occurs twice").append(complaint.empty() ? "" : "; ").append(complaint);
    }
    [[nodiscard]] static std::string read_events(std::string_view value) {
        return value.empty() ? "" : "events: no value is expected";
    }
    [[nodiscard]] std::string read_tag(std::string_view value) {
        request_.tag = value;
        return is_valid_tag(value) ? std::string{} : std::string{bad_tag};
    }
    [[nodiscard]] std::string read_all(std::string_view value) {
        request_.all = value == "true";
        return value == "true" || value == "false" ? "" : "all: true or false is expected";
    }
    [[nodiscard]] std::string read_count(std::string_view value) {
        counts_ = value == "true";
        return value == "true" || value == "false" ? "" : "count: true or false is expected";
    }
    [[nodiscard]] std::string read_type(std::string_view value) {
        request_.type = value == "binary" ? message_kind::binary : message_kind::text;
        return value == "text" || value == "binary" ? "" : "type: text or binary is expected";
    }
    [[nodiscard]] std::string read_code(std::string_view value) {
        bool const good = read_number<std::uint16_t>(value, request_.code, 1000, 4999) &&
                          websocket::is_sendable_close_code(request_.code);
        if (!reason_) request_.reason.clear(); // the default reason belongs to the default code
        return good ? "" : "code: 1000 to 1003, 1007 to 1014 or 3000 to 4999 is expected";
    }
    [[nodiscard]] std::string read_reason(std::string_view value) {
        request_.reason = value;
        bool const good = value.size() <= 123 && protocol::is_valid_utf8(value);
        return good ? "" : "reason: up to 123 bytes of UTF-8 are expected";
    }
    [[nodiscard]] std::string read_limit(std::string_view value) {
        return read_number<std::size_t>(value, request_.limit, 1, extended_dialect::max_listed)
                   ? ""
                   : "limit: a number from 1 to 1000 is expected";
    }
    [[nodiscard]] std::string read_cursor(std::string_view value) {
        return read_number<std::uint32_t>(value, request_.from, 0, ~std::uint32_t{0}) ? "" : "cursor: not one of these";
    }
    [[nodiscard]] std::string read_ack(std::string_view value) {
        request_.when_written = value == "written";
        return value == "queued" || value == "written" ? "" : "ack: queued or written is expected";
    }

    [[nodiscard]] std::string read_ttl(std::string_view value) {
        std::chrono::seconds::rep seconds = 0;
        bool const good = read_number<std::chrono::seconds::rep>(value, seconds, 1, extended_dialect::max_ttl.count());
        request_.ttl = std::chrono::seconds{seconds};
        return good ? "" : "ttl: seconds from 1 to 86400 are expected";
    }

    extended_dialect::request& request_;
    bool tag_ = false, all_ = false, type_ = false, code_ = false, reason_ = false, limit_ = false, cursor_ = false,
         ack_ = false, ttl_ = false, count_ = false, counts_ = false,
         events_ = false;
};

}

#endif
