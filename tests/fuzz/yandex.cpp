// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Requests of the Yandex dialect: targets, and bodies of Send.

#include "fuzz.hpp"

#include <backchannel/dialect/yandex.hpp>
#include <backchannel/protocol/base64.hpp>
#include <backchannel/protocol/json_value.hpp>
#include <backchannel/protocol/percent.hpp>
#include <backchannel/protocol/utf8.hpp>

using namespace backchannel;
using namespace backchannel::protocol;
using fuzz::require;
using kind = yandex_target::kind;

namespace {

constexpr std::size_t max_message = 64;

void check_target(std::string_view target, target_form form) {
    auto const found = yandex_target::parse(target, form);
    bool const has_id = found.what() != kind::foreign && found.what() != kind::invalid;
    require(has_id != found.id().empty(), "an id is there if it is good");
    if (!has_id) return;
    require(found.id().size() <= yandex_target::max_id, "an id has 50 bytes at most");
    for (char const c : found.id()) require(c >= 0x20 && c < 0x7F && c != '%' && c != '\\', "an id has no odd bytes");
    if (found.what() == kind::other_verb) return;
    std::string path = "/apigateways/websocket/v1/connections/";
    append_percent_encoded(path, found.id());
    if (found.what() == kind::send) path += ":send";
    auto const again = yandex_target::parse(path, target_form::raw);
    require(again.what() == found.what() && again.id() == found.id(), "a target that was encoded anew is the same");
}

// Another reader of the same bodies: it makes a tree of them first.
void check_body(yandex_dialect const& dialect, std::string_view body) {
    yandex_dialect::call call;
    call.what = operation::post;
    auto const content = dialect.read_body(call, body);
    auto const tree = parse_json(body);
    if (!content.complaint().empty()) return;
    if (!tree) // members that are unknown here may stand there twice
        return require(tree.error.message.find("two members") != std::string::npos, "a message comes of JSON");
    require(tree.value->kind == json_kind::object, "a message comes of a JSON object");
    auto const* const data = tree.value->find("data");
    require(data != nullptr && data->kind == json_kind::string, "which has data");
    message const m = content.message();
    require(base64_decode_any(data->text) == std::string{m.data()}, "and is what the data says");
    require(!m.data().empty() && m.data().size() <= max_message, "it has a byte, and not more than allowed");
    auto const* const type = tree.value->find("type");
    bool const says_binary = type != nullptr && (type->text == "BINARY" || type->text == "1");
    bool const says_text = type != nullptr && (type->text == "TEXT" || type->text == "2");
    bool const is_text = m.kind() == message_kind::text;
    require(!is_text || is_valid_utf8(m.data()), "a text is UTF-8");
    require(says_binary ? !is_text
            : says_text ? is_text
                        : is_text == is_valid_utf8(m.data()),
            "the type is what it says");
}

}

// The target, a NUL, and the body.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    std::string_view body = in.text();
    std::string_view const target = fuzz::take_until(body, '\0');
    for (target_form const form : {target_form::raw, target_form::decoded}) check_target(target, form);
    router_options options;
    options.max_body = max_message;
    check_body(yandex_dialect{options}, body);
    return 0;
}
