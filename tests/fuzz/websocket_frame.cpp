// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Frames as either end reads them, whole and cut, and messages as either end writes them.

#include "fuzz.hpp"
#include "naive_utf8.hpp"

#include <backchannel/protocol/websocket_frame.hpp>

using namespace backchannel;
using namespace backchannel::websocket;
using fuzz::require;
using kind = frame_event::type;

namespace {

class connection {
public:
    connection(frame_limits limits, endpoint side) : limits_{limits}, parser_{limits, side} {}

    void receive(std::string_view bytes) {
        held_.insert(held_.end(), bytes.begin(), bytes.end());
        std::vector<char> copy(held_.begin(), held_.end()); // so that nothing in front or behind is looked at
        std::span<char> rest{copy};
        while (take(rest)) {
        }
        held_.assign(rest.begin(), rest.end());
    }

    /// What was received. How much of a text is shown before its first wrong byte depends on the cuts, so that is not
    /// in it.
    std::string log;

private:
    bool take(std::span<char>& rest) {
        std::span<char> const before = rest;
        frame_event const event = parser_.next(rest);
        require(rest.size() <= before.size() && rest.data() + rest.size() == before.data() + before.size(),
                "what is left is the end of the input");
        std::string_view const taken{before.data(), before.size() - rest.size()};
        require(fuzz::is_within(event.payload, taken), "a payload is a view of what was taken");
        require(!ended_ || event.kind == kind::need_more, "there is nothing behind the last event");
        if (event.kind == kind::need_more) {
            require(ended_ || rest.size() < 131, "no more than a control frame is left");
            return false;
        }
        if (event.kind == kind::data) {
            take_data(event);
            return true;
        }
        if (event.kind == kind::ping || event.kind == kind::pong) {
            require(event.payload.size() <= 125, "a control frame is small");
            log.append(event.kind == kind::ping ? "(ping " : "(pong ").append(event.payload).append(")");
        } else if (event.kind == kind::close) {
            require(event.code == 1005 || is_sendable_close_code(event.code), "a close has a code that may be sent");
            require(event.reason.size() <= 123 && fuzz::is_utf8(event.reason), "a reason is short and UTF-8");
            log.append("(close ").append(std::to_string(event.code)).append(event.reason).append(")");
        } else {
            require(event.code == 1002 || (event.code >= 1007 && event.code <= 1009), "an error has one of four codes");
            if (event.reason == "text is not UTF-8") log.resize(certain_);
            log.append("(error ").append(event.reason).append(")");
        }
        ended_ = event.kind == kind::close || event.kind == kind::error;
        certain_ = log.size();
        return true;
    }

    void take_data(frame_event const& event) {
        bool const text = event.message == opcode::text;
        require(event.first != open_, "a message begins once");
        require(text || event.message == opcode::binary, "data is text or binary");
        require(limits_.compression || !event.compressed, "compression is negotiated");
        require(parser_.in_message() != event.last, "the parser knows whether a message is open");
        if (event.first) {
            log.append(text ? "[text " : "[binary ").append(event.compressed ? "deflated " : "");
            message_.clear();
        }
        log.append(event.payload);
        message_.append(event.payload);
        std::uint64_t const slack = event.compressed ? limits_.message / 8 + 64 : 0;
        require(message_.size() <= limits_.message + slack, "a message keeps to its limit");
        open_ = !event.last;
        if (open_) return;
        require(!text || event.compressed || fuzz::is_utf8(message_), "a text is UTF-8");
        log.append("]");
        certain_ = log.size();
    }

    frame_limits const limits_;
    frame_parser parser_;
    std::vector<char> held_;
    std::string message_;
    std::size_t certain_ = 0;
    bool open_ = false, ended_ = false;
};

// A message is read as it was written, whatever its frames.
void check_written(std::string_view payload, std::vector<std::string_view> const& pieces, bool text, bool from_client,
                   std::array<char, 4> key) {
    std::string wire;
    std::size_t left = pieces.size();
    for (std::string_view const piece : pieces) {
        opcode const code = left != pieces.size() ? opcode::continuation : text ? opcode::text : opcode::binary;
        bool const fin = --left == 0;
        frame_header const header = from_client ? make_masked_frame_header(code, piece.size(), key, fin)
                                                : make_frame_header(code, piece.size(), fin);
        require(header.size == frame_header_size(piece.size()) + (from_client ? 4 : 0), "a header has its size");
        std::string masked{piece};
        if (from_client) // in two halves, the second of which begins anywhere in the key
            for (std::size_t const half = masked.size() / 2; bool const second : {false, true})
                apply_mask(std::span{masked}.subspan(second ? half : 0, second ? masked.size() - half : half), key,
                           second ? half : 0);
        wire.append(header.view()).append(masked);
    }
    connection reader{{1u << 20, 1u << 20, 100}, from_client ? endpoint::server : endpoint::client};
    reader.receive(wire);
    std::string const expected = std::string{text ? "[text " : "[binary "}.append(payload).append("]");
    if (text && !fuzz::is_utf8(payload))
        fuzz::require_equal(reader.log, "(error text is not UTF-8)", "a wrong text is refused");
    else
        fuzz::require_equal(reader.log, expected, "a message is read as it was written");
}

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    std::uint8_t const choice = in.byte();
    endpoint const side = choice & 1 ? endpoint::client : endpoint::server;
    frame_limits limits;
    limits.compression = (choice & 2) != 0;
    if (choice & 4) limits.frame = in.byte();
    if (choice & 8) limits.message = in.byte();
    if (choice & 16) limits.fragments = 1 + in.byte() % 4u;
    auto const cuts = in.cuts();
    auto const pieces = fuzz::pieces_of(in.text(), cuts);

    connection whole{limits, side}, cut{limits, side};
    whole.receive(in.text());
    for (std::string_view const piece : pieces) cut.receive(piece);
    fuzz::require_equal(whole.log, cut.log, "messages are the same however their bytes are cut");

    bool const valid = fuzz::is_utf8(in.text());
    require(protocol::is_valid_utf8(in.text()) == valid, "UTF-8 is what it should be");
    protocol::utf8_validator validator;
    bool fits = true;
    for (std::string_view const piece : pieces) fits = validator.feed(piece);
    require((fits && validator.complete()) == valid, "UTF-8 is the same however its bytes are cut");

    std::array<char, 4> const key{static_cast<char>(choice), static_cast<char>(size), 'k', '\xFF'};
    for (bool const text : {false, true})
        for (bool const from_client : {false, true}) check_written(in.text(), pieces, text, from_client, key);
    return 0;
}
