// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Request bodies behind a head that is given: read whole and cut, and read as they were written.

#include "fuzz.hpp"

#include <backchannel/protocol/http1_body.hpp>

using namespace backchannel;
using fuzz::require;

namespace {

// The body as it is read when its bytes arrive in these pieces, and how it ended.
std::string read(http1::request_head const& head, std::uint64_t limit, http1::chunk_limits limits,
                 std::vector<std::string_view> const& pieces) {
    http1::body_reader reader{head, limit, limits};
    std::string body;
    std::size_t consumed = 0;
    auto step = reader.next({});
    for (std::string_view const piece : pieces) {
        std::vector<char> const copy(piece.begin(), piece.end());
        std::string_view rest{copy.data(), copy.size()};
        while (!rest.empty() && !step.done && step.error == http1::parse_error::none) {
            step = reader.next(rest);
            require(step.consumed <= rest.size(), "no more is consumed than there is");
            require(fuzz::is_within(step.data, rest.substr(0, step.consumed)), "data is a view of what is consumed");
            require(step.consumed != 0 || step.error != http1::parse_error::none, "a body reader makes progress");
            rest.remove_prefix(step.consumed);
            consumed += step.consumed;
            body.append(step.data);
        }
    }
    require(body.size() <= limit, "a body keeps to its limit");
    require(!head.content_length || !step.done || body.size() == *head.content_length, "a body has its length");
    body.append(" consumed ").append(std::to_string(consumed)).append(step.done ? " done " : " ");
    return body.append(http1::describe(step.error));
}

// A body is read as it was written, whatever its chunks and however they arrive.
void check_chunked(std::vector<std::string_view> const& pieces, std::string_view body) {
    std::string wire;
    for (std::string_view const piece : pieces) {
        if (piece.empty()) continue;
        char size[20];
        (void)std::snprintf(size, sizeof size, "%zX\r\n", piece.size());
        wire.append(size).append(piece).append("\r\n");
    }
    wire.append("0\r\n\r\nnext");
    http1::request_head head;
    head.chunked = true;
    for (bool const whole : {true, false}) {
        http1::body_reader reader{head, body.size()};
        std::string read;
        http1::body_reader::step step;
        for (std::string_view rest = wire; !step.done;) {
            require(!rest.empty(), "a body ends where it was ended");
            step = reader.next(whole ? rest : rest.substr(0, 1));
            require(step.error == http1::parse_error::none, "a body that was written well is read");
            rest.remove_prefix(step.consumed);
            read.append(step.data);
            require(!step.done || rest == "next", "a body ends where it was ended");
        }
        fuzz::require_equal(read, body, "a body is read as it was written");
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    std::uint8_t const choice = in.byte();
    http1::request_head head;
    http1::chunk_limits limits;
    std::uint64_t limit = 131072;
    head.chunked = (choice & 1) == 0;
    if (!head.chunked) head.content_length = in.number(0x1FF);
    if (choice & 2) limit = in.byte();
    if (choice & 4) limits.extensions = in.byte();
    if (choice & 8) limits.trailers = in.byte();
    auto const cuts = in.cuts();
    auto const pieces = fuzz::pieces_of(in.text(), cuts);
    std::string const whole = read(head, limit, limits, {in.text()});
    fuzz::require_equal(whole, read(head, limit, limits, pieces), "a body is the same however its bytes are cut");
    check_chunked(pieces, in.text());
    return 0;
}
