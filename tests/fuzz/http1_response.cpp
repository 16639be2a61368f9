// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Response heads of whatever an application asks for: no header adds another line.

#include "fuzz.hpp"

#include <backchannel/protocol/http1_response.hpp>

using namespace backchannel;
using fuzz::require;

namespace {

std::size_t lines_in(std::string_view text) {
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string_view::npos; ++at) {
        require(at != 0 && text[at - 1] == '\r', "lines end with CR LF");
        ++lines;
    }
    require(lines == static_cast<std::size_t>(std::count(text.begin(), text.end(), '\r')), "no CR stands alone");
    require(text.find('\0') == std::string_view::npos, "no header has a NUL");
    return lines;
}

}

// The text is names and values, each in front of a NUL.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    std::uint8_t const choice = in.byte();
    int const status = static_cast<int>(in.number(0x3FF));
    int const minor_version = choice & 1;
    bool const keep_alive = (choice & 2) != 0;
    std::optional<std::uint64_t> length;
    if (choice & 4) length = in.number(0xFFFF);

    std::vector<header_view> headers;
    header_lines collected;
    std::size_t fields = 0;
    for (std::string_view text = in.text(); !text.empty();) {
        std::string_view const name = fuzz::take_until(text, '\0'), value = fuzz::take_until(text, '\0');
        headers.push_back({name, value});
        if (!collected.add(name, value)) continue;
        ++fields;
        require(collected.find(name).has_value(), "a field that was added is found");
    }
    require(lines_in(collected.text()) == fields, "each field is one line");
    std::size_t seen = 0;
    collected.for_each([&](header_view const&) { ++seen; });
    require(seen == fields, "each field is visited once");

    for (bool const from_lines : {false, true}) {
        std::string out = "before";
        bool const written =
            from_lines ? http1::append_response_head(out, status, collected, length, keep_alive, minor_version)
                       : http1::append_response_head(out, status, headers, length, keep_alive, minor_version);
        if (!written) {
            require(out == "before", "what is refused leaves nothing behind");
            continue;
        }
        std::string_view const head = std::string_view{out}.substr(6);
        require(head.starts_with("HTTP/1.1 ") && head.ends_with("\r\n\r\n"), "a head has a status line and an end");
        require(head.find("\r\n\r\n") == head.size() - 4, "a head has one end");
        std::size_t const asked_for = from_lines ? fields : headers.size();
        std::size_t const lines = lines_in(head);
        require(lines >= asked_for + 2, "a head has the lines that were asked for");
        std::string_view own = head;
        for (std::size_t i = 0; i != asked_for + 1; ++i) (void)fuzz::take_until(own, '\n');
        bool const has_length = own.starts_with("Content-Length: ");
        if (has_length) (void)fuzz::take_until(own, '\n');
        bool const has_connection = own.starts_with("Connection: ");
        if (has_connection) (void)fuzz::take_until(own, '\n');
        fuzz::require_equal(own, "\r\n", "a head has a length and a connection option behind them, and nothing else");
        require(length || !has_length, "a length is one that was given");
        require(status >= 200 || (!has_length && !has_connection), "an interim response has neither");
        require(status < 200 || keep_alive || has_connection, "the end of a connection is announced");
    }
    return 0;
}
