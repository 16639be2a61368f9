// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_WEBSOCKET_CASE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_WEBSOCKET_CASE_HPP

// WebSocket cases as data, tests/data/websocket_*.json. A file has `groups`; a group has
//
//   group, rule    its name, and the section of the RFC
//   options        of the gateway: frame, message, fragments, control (frames a second), queue, origins
//   cases          a list of cases, or
//   case           one case in which "$name" stands for a value of each row of `each`, or for each combination of the
//                  values in `for`
//
// and a case has a `name` (with the values of `for` behind it) and
//
//   send, receive  frames in order; or `steps`, a list of such pairs, each maybe `times` over
//   close          the close code that comes last, "empty" for none, and the server ends the TCP connection;
//                  "ended": it ends it, and has sent its close frame before; "waits": it waits for the rest of a
//                  frame; without `close` the connection must still work at the end
//   saw            the messages that the handler saw, if not the data that came back
//   disconnect     the code that the handler was told, if not that of `close`
//   bytewise       false: not sent one byte at a time
//   chop           sent so many bytes at a time otherwise
//
// or, for a handshake, request (lines), status, headers (null: not there), keeps (the connection goes on).
//
// A frame is {"text": PAYLOAD}, likewise binary, continuation, ping, pong, or {"opcode": 3, "payload": PAYLOAD}, or
// {"close": CODE or null, "reason": PAYLOAD}, or {"hex": "81 00"} for bytes as they are. To that come fin, rsv, mask
// (false, or four bytes in hex), length (16 or 64: bits of the length field), claims (a length that isn't true), first
// (only so many bytes are sent), times, optional (it may be missing). A PAYLOAD is a text, {"hex": ...},
// {"repeat": PAYLOAD, "times": N}, or a list of those.

#include <backchannel/protocol/json_value.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using backchannel::protocol::json_kind;
using backchannel::protocol::json_value;

struct case_frame {
    int opcode = -1;
    bool fin = true;
    std::string payload;
    std::string bytes; ///< as a client sends them; of frames that are sent only
    std::size_t times = 1;
    bool optional = false;
};

struct case_step {
    std::vector<case_frame> send, receive;
    std::size_t times = 1;
};

/// What a gateway is started with; cases that agree share one.
struct case_options {
    std::optional<std::uint64_t> frame, message, fragments, control, queue;
    std::vector<std::string> origins;

    auto operator<=>(case_options const&) const = default;
};

struct websocket_case {
    enum class end { open, waits, closed, ended };

    std::string group, name;
    case_options options;
    bool bytewise = true;
    std::size_t chop = 0; ///< 0: everything at once

    std::vector<case_step> steps;
    end ending = end::open;
    int code = 0; ///< 0: a close frame without one
    std::optional<int> disconnect;
    std::optional<std::vector<case_frame>> saw;

    std::string request; ///< of a handshake; else empty
    int status = 101;
    bool keeps = false;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

namespace detail_case {

[[noreturn]] inline void fail(std::string const& what) { throw std::runtime_error{"websocket case: " + what}; }

[[nodiscard]] inline json_value const& need(json_value const& where, std::string_view name) {
    json_value const* const found = where.find(name);
    if (found == nullptr) fail("no " + std::string{name});
    return *found;
}

[[nodiscard]] inline std::uint64_t number(json_value const& v) {
    std::uint64_t n = 0;
    auto const [end, error] = std::from_chars(v.text.data(), v.text.data() + v.text.size(), n);
    if (v.kind != json_kind::number || error != std::errc{} || end != v.text.data() + v.text.size())
        fail("no number: " + v.text);
    return n;
}
[[nodiscard]] inline std::optional<std::uint64_t> number_in(json_value const& where, std::string_view name) {
    json_value const* const found = where.find(name);
    return found != nullptr ? std::optional{number(*found)} : std::nullopt;
}
[[nodiscard]] inline std::size_t times_of(json_value const& v) {
    return static_cast<std::size_t>(number_in(v, "times").value_or(1));
}
[[nodiscard]] inline bool flag(json_value const& where, std::string_view name, bool otherwise) {
    json_value const* const found = where.find(name);
    return found != nullptr ? found->boolean : otherwise;
}

[[nodiscard]] inline std::string from_hex(std::string_view text) {
    std::string out, digits;
    for (char const c : text)
        if (c != ' ') digits += c;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        unsigned byte = 0;
        auto const end = digits.data() + std::min(i + 2, digits.size());
        if (std::from_chars(digits.data() + i, end, byte, 16).ptr != digits.data() + i + 2) fail("no hex: " + digits);
        out += static_cast<char>(byte);
    }
    return out;
}

[[nodiscard]] inline std::string payload_of(json_value const& v) {
    if (v.kind == json_kind::string) return v.text;
    if (json_value const* const hex = v.find("hex")) return from_hex(hex->text);
    std::string out;
    if (v.kind == json_kind::array) {
        for (json_value const& part : v.items) out += payload_of(part);
        return out;
    }
    std::string const part = payload_of(need(v, "repeat"));
    std::size_t const times = times_of(v);
    if (part.size() == 1) return std::string(times, part[0]);
    for (std::size_t i = 0; i != times; ++i) out += part;
    return out;
}

/// Applies a mask of four bytes. Payloads of 16 MiB are worth the wider steps.
inline void put_mask(std::string& bytes, std::string const& key) {
    std::string const twice = key + key;
    std::size_t i = 0;
    for (std::uint64_t word = 0, mask = 0; bytes.size() - i >= sizeof word; i += sizeof word) {
        std::memcpy(&mask, twice.data(), sizeof mask);
        std::memcpy(&word, bytes.data() + i, sizeof word);
        word ^= mask;
        std::memcpy(bytes.data() + i, &word, sizeof word);
    }
    for (; i != bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ key[i % 4]);
}

inline constexpr std::array<std::pair<std::string_view, int>, 6> opcodes{
    {{"continuation", 0}, {"text", 1}, {"binary", 2}, {"close", 8}, {"ping", 9}, {"pong", 10}}};

[[nodiscard]] inline int opcode_of(json_value const& v) {
    for (auto const& [name, code] : opcodes)
        if (v.kind == json_kind::string && v.text == name) return code;
    return static_cast<int>(number(v));
}

[[nodiscard]] inline std::string close_payload_of(json_value const& frame, json_value const& code) {
    std::string out;
    if (code.kind == json_kind::null) return out;
    std::uint64_t const n = number(code);
    out += static_cast<char>(n >> 8 & 0xFF);
    out += static_cast<char>(n & 0xFF);
    json_value const* const reason = frame.find("reason");
    return reason != nullptr ? out + payload_of(*reason) : out;
}

[[nodiscard]] inline std::string bytes_of(case_frame const& frame, json_value const& v) {
    std::uint64_t const size = number_in(v, "claims").value_or(frame.payload.size());
    std::uint64_t const form = number_in(v, "length").value_or(size < 126 ? 7 : size <= 0xFFFF ? 16 : 64);
    json_value const* const mask = v.find("mask");
    bool const masked = mask == nullptr || mask->kind != json_kind::boolean || mask->boolean;
    std::string out;
    out += static_cast<char>((frame.fin ? 0x80u : 0u) | number_in(v, "rsv").value_or(0) << 4 |
                             static_cast<unsigned>(frame.opcode));
    out += static_cast<char>((masked ? 0x80u : 0u) | (form == 7 ? size : form == 16 ? 126 : 127));
    for (std::uint64_t shift = form == 7 ? 0 : form; shift != 0; shift -= 8)
        out += static_cast<char>(size >> (shift - 8) & 0xFF);
    std::string const key =
        mask != nullptr && mask->kind == json_kind::string ? from_hex(mask->text) : from_hex("12 34 56 78");
    if (masked) out += key;
    std::string body = frame.payload;
    if (masked) put_mask(body, key);
    out += body;
    if (auto const first = number_in(v, "first")) out.resize(static_cast<std::size_t>(*first));
    return out;
}

[[nodiscard]] inline case_frame frame_of(json_value const& v, bool sent) {
    case_frame frame;
    frame.times = times_of(v);
    frame.optional = flag(v, "optional", false);
    if (json_value const* const hex = v.find("hex")) {
        frame.bytes = from_hex(hex->text);
        return frame;
    }
    frame.fin = flag(v, "fin", true);
    json_value const* const opcode = v.find("opcode");
    if (opcode != nullptr) {
        frame.opcode = opcode_of(*opcode);
        if (json_value const* const payload = v.find("payload")) frame.payload = payload_of(*payload);
    }
    for (auto const& [name, code] : opcodes) {
        json_value const* const payload = v.find(name);
        if (payload == nullptr) continue;
        if (frame.opcode != -1) fail("a frame of two kinds");
        frame.opcode = code;
        frame.payload = name == "close" ? close_payload_of(v, *payload) : payload_of(*payload);
    }
    if (frame.opcode == -1) fail("a frame of no kind");
    if (sent) frame.bytes = bytes_of(frame, v);
    return frame;
}

[[nodiscard]] inline std::vector<case_frame> frames_in(json_value const& where, std::string_view name) {
    std::vector<case_frame> frames;
    if (json_value const* const list = where.find(name))
        for (json_value const& one : list->items) frames.push_back(frame_of(one, name == "send"));
    return frames;
}

[[nodiscard]] inline case_options options_of(json_value const* v) {
    case_options options;
    if (v == nullptr) return options;
    options.frame = number_in(*v, "frame");
    options.message = number_in(*v, "message");
    options.fragments = number_in(*v, "fragments");
    options.control = number_in(*v, "control");
    options.queue = number_in(*v, "queue");
    if (json_value const* const origins = v->find("origins"))
        for (json_value const& one : origins->items) options.origins.push_back(one.text);
    return options;
}

inline void append_lines(std::string& out, json_value const& v) {
    if (v.kind == json_kind::string) out.append(v.text).append("\r\n");
    for (json_value const& one : v.items) append_lines(out, one);
}

inline void read_handshake(websocket_case& c, json_value const& v, json_value const& request) {
    append_lines(c.request, request);
    c.request += "\r\n";
    c.status = static_cast<int>(number(need(v, "status")));
    c.keeps = flag(v, "keeps", false);
    if (json_value const* const headers = v.find("headers"))
        for (auto const& [name, offset, value] : headers->members)
            c.headers.emplace_back(name, value.kind == json_kind::null ? std::nullopt : std::optional{value.text});
}

[[nodiscard]] inline websocket_case case_of(json_value const& v, json_value const& group) {
    static constexpr std::string_view known[] = {"name",  "send",     "receive",    "steps",  "close",
                                                 "saw",   "request",  "disconnect", "status", "headers",
                                                 "keeps", "bytewise", "chop"};
    for (auto const& [name, offset, value] : v.members)
        if (std::find(std::begin(known), std::end(known), name) == std::end(known)) fail("what is " + name + "?");
    websocket_case c;
    c.group = need(group, "group").text;
    c.name = need(v, "name").text;
    c.options = options_of(group.find("options"));
    c.bytewise = flag(v, "bytewise", true);
    c.chop = static_cast<std::size_t>(number_in(v, "chop").value_or(0));
    if (json_value const* const request = v.find("request")) {
        read_handshake(c, v, *request);
        return c;
    }
    if (json_value const* const steps = v.find("steps"))
        for (json_value const& s : steps->items)
            c.steps.push_back({frames_in(s, "send"), frames_in(s, "receive"), times_of(s)});
    else
        c.steps.push_back({frames_in(v, "send"), frames_in(v, "receive"), 1});
    if (json_value const* const close = v.find("close"); close != nullptr) {
        c.ending = close->text == "waits"   ? websocket_case::end::waits
                   : close->text == "ended" ? websocket_case::end::ended
                                            : websocket_case::end::closed;
        if (close->kind == json_kind::number) c.code = static_cast<int>(number(*close));
    }
    if (auto const code = number_in(v, "disconnect")) c.disconnect = static_cast<int>(*code);
    if (v.find("saw") != nullptr) c.saw = frames_in(v, "saw");
    return c;
}

/// The value with each "$name" in it replaced.
[[nodiscard]] inline json_value filled_in(json_value v, json_value const& values) {
    if (v.kind == json_kind::string && v.text.starts_with('$')) return need(values, std::string_view{v.text}.substr(1));
    for (json_value& one : v.items) one = filled_in(std::move(one), values);
    for (auto& one : v.members) one.value = filled_in(std::move(one.value), values);
    return v;
}

/// Every combination of the values of each member, as an object with a name.
[[nodiscard]] inline std::vector<json_value> combinations(json_value const& lists) {
    std::vector<json_value> rows(1);
    rows[0].kind = json_kind::object;
    std::vector<std::string> names(1);
    for (auto const& list : lists.members) {
        std::vector<json_value> longer;
        std::vector<std::string> longer_names;
        for (std::size_t i = 0; i != rows.size(); ++i)
            for (json_value const& value : list.value.items) {
                longer.push_back(rows[i]);
                longer.back().members.push_back({list.name, 0, value});
                std::string const shown = value.text.empty() ? std::to_string(longer.size()) : value.text;
                longer_names.push_back(names[i] + ", " + list.name + " " + shown);
            }
        rows = std::move(longer);
        names = std::move(longer_names);
    }
    for (std::size_t i = 0; i != rows.size(); ++i) {
        json_value name;
        name.kind = json_kind::string;
        name.text = names[i].substr(std::min<std::size_t>(names[i].size(), 2));
        rows[i].members.push_back({"name", 0, std::move(name)});
    }
    return rows;
}

}

/// Calls `use` with each case of a text, the rows of its groups filled in. Throws if it is not what is told above.
///
/// One after the other: some are large.
template <class F>
void for_each_websocket_case(std::string_view text, F&& use) {
    using namespace detail_case;
    auto const parsed = backchannel::protocol::parse_json(text, {.size = 16u << 20, .values = 1u << 20});
    if (!parsed) fail(parsed.error.message + " in line " + std::to_string(parsed.error.position.line));
    for (json_value const& group : need(*parsed.value, "groups").items) {
        if (json_value const* const list = group.find("cases"))
            for (json_value const& one : list->items) use(case_of(one, group));
        json_value const* const pattern = group.find("case");
        if (pattern == nullptr) continue;
        json_value const* const each = group.find("each");
        for (json_value const& row : each != nullptr ? each->items : combinations(need(group, "for"))) {
            json_value one = filled_in(*pattern, row);
            one.members.push_back({"name", 0, need(row, "name")});
            use(case_of(one, group));
        }
    }
}

}

#endif
