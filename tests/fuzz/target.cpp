// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Request targets of the management API, percent-encoding, and ids.

#include "fuzz.hpp"

#include <backchannel/connection_id.hpp>
#include <backchannel/protocol/connection_target.hpp>
#include <backchannel/protocol/percent.hpp>

#include <optional>

using namespace backchannel;
using namespace backchannel::protocol;
using fuzz::require;
using kind = connection_target::kind;

namespace {

// Each escape on its own, with the standard library's idea of hexadecimal numbers.
std::optional<std::string> naive_decode(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    std::string out;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (text[0] != '%') {
            out.push_back(text[0]);
            continue;
        }
        std::string const pair{text.substr(1, 2)};
        if (pair.size() != 2 || pair.find_first_not_of(digits) != std::string::npos) return std::nullopt;
        out.push_back(static_cast<char>(std::strtoul(pair.c_str(), nullptr, 16)));
        text.remove_prefix(2);
    }
    return out;
}

std::string encoded(std::string_view text) {
    std::string out;
    append_percent_encoded(out, text);
    return out;
}

void check_percent(std::string_view text) {
    auto const decoded = percent_decode(text);
    require(decoded == naive_decode(text), "escapes are decoded as they should be");
    std::string appended = "x";
    require(append_percent_decoded(appended, text) == decoded.has_value(), "both forms take the same texts");
    fuzz::require_equal(appended, "x" + decoded.value_or(""), "a bad escape leaves the text as it was");

    std::string const escaped = encoded(text);
    require(percent_decode(escaped) == std::string{text}, "what was encoded is decoded to the same");
    for (char const c : escaped) require(is_unreserved(c) || c == '%', "what was encoded needs no encoding");
    std::string path;
    append_percent_encoded_path(path, text);
    require(percent_decode(path) == std::string{text}, "a path that was encoded is decoded to the same");
    require(std::count(path.begin(), path.end(), '/') == std::count(text.begin(), text.end(), '/'),
            "a path keeps its slashes");
}

// The segments of a path, decoded; those of a stage that was accepted are all good.
std::string stage_of(std::string_view path, target_form form) {
    std::string stage;
    while (!path.empty()) {
        std::string_view const segment = fuzz::take_until(path, '/');
        if (segment.empty()) continue;
        auto const decoded = form == target_form::raw ? naive_decode(segment) : std::string{segment};
        require(decoded && decoded->find('/') == std::string::npos, "a stage has no bad escape and no hidden slash");
        require(*decoded != "." && *decoded != "..", "a stage has no dot segments");
        stage.append(stage.empty() ? "" : "/").append(*decoded);
    }
    return stage;
}

void check_connection(connection_target const& found, std::string_view target, target_form form) {
    std::string_view const id = found.id();
    require(!id.empty() && id.size() <= connection_target::max_id, "an id has 1 to 128 bytes");
    for (char const c : id) require(c >= 0x20 && c < 0x7F && c != '%' && c != '\\', "an id has no odd bytes");
    require(id != "." && id != "..", "an id is no dot segment");

    std::string const stage = stage_of(found.stage_path(), form);
    auto const again = connection_target::parse(target, stage, form);
    require(again.what() == kind::connection && again.id() == id, "the stage that was found is the stage");
    require(again.stage_path() == found.stage_path(), "the stage's path is the same");
    require(connection_target::parse(target, stage + "x", form).what() == kind::foreign, "another stage is foreign");

    std::string path;
    for (std::string_view rest = stage; !rest.empty();) path.append("/").append(encoded(fuzz::take_until(rest, '/')));
    auto const plain = connection_target::parse(path + "/@connections/" + encoded(id), stage, target_form::raw);
    require(plain.what() == kind::connection && plain.id() == id, "a target that was encoded anew is the same");
}

}

// The stage, a NUL, and the target.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    std::string_view text = in.text();
    std::string_view const stage = fuzz::take_until(text, '\0');
    check_percent(text);
    for (target_form const form : {target_form::raw, target_form::decoded}) {
        auto const found = connection_target::parse_any_stage(text, form);
        require(fuzz::is_within(found.stage_path(), text), "the stage's path is a view of the target");
        if (found.what() == kind::connection) check_connection(found, text, form);
        auto const ours = connection_target::parse(text, stage, form);
        if (ours.what() == kind::connection)
            require(found.what() == kind::connection && ours.id() == found.id(),
                    "a connection of a stage is one of any");
        else
            require(ours.id().empty(), "only a connection has an id");
    }

    plain_ids const ids;
    if (auto const id = ids.decode(text)) {
        std::array<char, plain_ids::max_size> shown{};
        require(ids.encode(*id, shown.data()) == text.size(), "an id is as long as before");
        fuzz::require_equal({shown.data(), shown.size()}, text, "an id is shown as it was read");
        auto const found = connection_target::parse("/@connections/" + encoded(text), {}, target_form::raw);
        require(found.what() == kind::connection && found.id() == text, "an id can be asked for");
    }
    return 0;
}
