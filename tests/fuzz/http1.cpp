// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Requests on a connection, one behind the other: heads and bodies, whole and cut.

#include "fuzz.hpp"

#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>

#include <optional>

using namespace backchannel;
using fuzz::is_within;
using fuzz::require;
using status = http1::request_parser::status;

namespace {

struct settings {
    http1::head_limits head{};
    http1::chunk_limits chunks{};
    std::uint64_t body = 131072;
};

std::string show(http1::request_head const& head) {
    std::string text;
    auto const add = [&](std::string_view piece) { text.append(piece).append("|"); };
    for (std::string_view const piece : {head.method, head.target, head.target_path, head.authority}) add(piece);
    add(std::to_string(head.minor_version));
    add(head.content_length ? std::to_string(*head.content_length) : "-");
    for (bool const flag : {head.chunked, head.keep_alive, head.expect_continue, head.upgrade}) add(flag ? "1" : "0");
    for (header_view const& header : head.headers) add(std::string{header.name}.append("=").append(header.value));
    return text;
}

void check_views(http1::request_head const& head, std::string_view buffer) {
    require(head.size <= buffer.size(), "a head ends within the buffer");
    std::string_view const bytes = buffer.substr(0, head.size);
    require(is_within(head.method, bytes) && is_within(head.target, bytes), "method and target are views of the head");
    require(is_within(head.authority, bytes), "the authority is a view of the head");
    require(is_within(head.target_path, bytes) || head.target_path == "/" || head.target_path == "*",
            "the path is a view of the head or a constant");
    for (header_view const& h : head.headers)
        require((is_within(h.name, bytes) || h.name == "Host") && is_within(h.value, bytes),
                "headers are views of the head, or a Host that the target stands for");
    (void)websocket::check_handshake(head);
    if (auto const offers = websocket::read_subprotocols(head))
        for (std::string_view const name : *offers) require(is_within(name, bytes), "offers are views of the head");
    if (auto const origin = websocket::read_origin(head).value)
        require(is_within(*origin, bytes), "the origin is a view of the head");
}

// What was accepted says the same when it is written again.
void check_written_again(http1::request_head const& head) {
    std::string text{head.method};
    text.append(" ").append(head.target).append(" HTTP/1.").append(std::to_string(head.minor_version)).append("\r\n");
    for (header_view const& h : head.headers) text.append(h.name).append(": ").append(h.value).append("\r\n");
    text.append("\r\n");
    http1::request_parser parser{{1u << 20, 1u << 20, 1u << 20}};
    http1::request_head again;
    require(parser.parse(text, again) == status::complete, "an accepted head is accepted when written again");
    require(again.size == text.size(), "a head that was written again is read to its end");
    fuzz::require_equal(show(head), show(again), "a head says the same when written again");
}

// Reads a connection's bytes as they arrive, each time in memory of their own.
class connection {
public:
    explicit connection(settings const& s) : settings_{s}, parser_{s.head} {}

    void receive(std::string_view bytes) {
        held_.insert(held_.end(), bytes.begin(), bytes.end());
        while (!failed_ && (body_ ? read_body() : read_head())) {
        }
    }

    std::string log;

private:
    bool read_head() {
        std::vector<char> const copy(held_.begin(), held_.end());
        std::string_view const buffer{copy.data(), copy.size()};
        status const found = parser_.parse(buffer, head_);
        require((found == status::failed) == (parser_.error() != http1::parse_error::none), "failed means an error");
        if (found == status::failed) return fail(parser_.error());
        require(found == status::complete || head_.size == 0, "an incomplete head says nothing");
        if (found == status::need_more) return false;
        check_views(head_, buffer);
        check_written_again(head_);
        log.append(show(head_)).append("\n");
        held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(head_.size));
        body_.emplace(head_, settings_.body, settings_.chunks);
        taken_ = 0;
        return true;
    }

    bool read_body() {
        std::vector<char> const copy(held_.begin(), held_.end());
        std::string_view const buffer{copy.data(), copy.size()};
        auto const step = body_->next(buffer);
        require(step.consumed <= buffer.size(), "no more is consumed than there is");
        require(is_within(step.data, buffer.substr(0, step.consumed)), "data is a view of what is consumed");
        taken_ += step.data.size();
        require(taken_ <= settings_.body, "a body keeps to its limit");
        log.append(step.data);
        if (step.error != http1::parse_error::none) return fail(step.error);
        held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(step.consumed));
        if (!step.done) {
            require(step.consumed != 0 || held_.empty(), "a body reader makes progress");
            return step.consumed != 0;
        }
        log.append("\n");
        body_.reset();
        return true;
    }

    bool fail(http1::parse_error error) {
        require(http1::status_of(error) >= 400 && !http1::describe(error).empty(), "an error has a status and a text");
        log.append("error ").append(http1::describe(error));
        failed_ = true;
        return false;
    }

    settings const settings_;
    http1::request_parser parser_;
    http1::request_head head_;
    std::optional<http1::body_reader> body_;
    std::vector<char> held_;
    std::uint64_t taken_ = 0;
    bool failed_ = false;
};

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    settings s;
    if (std::uint8_t const choice = in.byte(); choice != 0) {
        if (choice & 1) s.head.target = in.byte();
        if (choice & 2) s.head.head = in.number(0x3FF);
        if (choice & 4) s.head.headers = in.byte() % 8u;
        if (choice & 8) s.body = in.byte();
        if (choice & 16) s.chunks.extensions = in.byte();
        if (choice & 32) s.chunks.trailers = in.byte();
    }
    auto const cuts = in.cuts();
    connection whole{s}, cut{s};
    whole.receive(in.text());
    for (std::string_view const piece : fuzz::pieces_of(in.text(), cuts)) cut.receive(piece);
    fuzz::require_equal(whole.log, cut.log, "requests are the same however their bytes are cut");
    return 0;
}
