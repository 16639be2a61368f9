// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Compressed messages, whole and cut, at any limit; messages there and back; offers of permessage-deflate.

#include "fuzz.hpp"

#include <backchannel/gateway/deflate.hpp>
#include <backchannel/protocol/websocket_extensions.hpp>

#include <memory>

using namespace backchannel;
using fuzz::require;
using fuzz::require_equal;
using status = message_codec::status;

namespace {

deflate_options options_of(fuzz::input& in) {
    deflate_options options;
    options.parameters.server_context_takeover = options.parameters.client_context_takeover = in.byte() % 2 == 0;
    options.parameters.server_max_window_bits = static_cast<int>(9 + in.number(6));
    options.level = static_cast<int>(1 + in.number(8));
    options.memory_level = static_cast<int>(1 + in.number(8));
    options.min_size = in.number(20);
    return options;
}

std::unique_ptr<message_codec> codec_of(permessage_deflate const& compression) {
    header_view const offer{"Sec-WebSocket-Extensions", "permessage-deflate"};
    auto agreed = compression.negotiate({&offer, 1});
    require(agreed.has_value() && agreed->codec != nullptr, "an offer without parameters is accepted");
    return std::move(agreed->codec);
}

// Messages that end at the last piece of each list; what came of them, the last one's state included.
std::string inflate(message_codec& codec, std::vector<std::vector<std::string_view>> const& messages,
                    std::size_t limit) {
    std::string log;
    for (auto const& pieces : messages) {
        std::string out;
        for (std::size_t i = 0; i != pieces.size(); ++i) {
            std::string const copy{pieces[i]}; // so that nothing in front or behind is looked at
            status const result = codec.inflate(copy, i + 1 == pieces.size(), out, limit);
            require(out.size() <= limit, "no message grows beyond the limit");
            if (result == status::ok) continue;
            require(result == status::broken || out.size() == limit, "a message that is too large fills the limit");
            return log + out + (result == status::broken ? " broken" : " too large");
        }
        log.append(out).append(" ok\n");
    }
    return log;
}

void check_inflate(fuzz::input& in) {
    permessage_deflate const compression{options_of(in)};
    std::size_t const limit = in.number(0xFFFF);
    std::vector<std::size_t> const cuts = in.cuts();
    std::size_t const border = in.number(0xFFFF) % (in.text().size() + 1);
    std::string_view const first = in.text().substr(0, border), second = in.text().substr(border);
    std::string const whole = inflate(*codec_of(compression), {{first}, {second}}, limit);
    std::string const cut =
        inflate(*codec_of(compression), {fuzz::pieces_of(first, cuts), fuzz::pieces_of(second, cuts)}, limit);
    require_equal(whole, cut, "cuts do not matter");
}

void check_round_trip(fuzz::input& in) {
    deflate_options const options = options_of(in);
    permessage_deflate const compression{options};
    auto const sender = codec_of(compression), receiver = codec_of(compression);
    for (std::string_view const message : fuzz::pieces_of(in.text(), in.cuts())) {
        std::string packed = "front";
        bool const compressed = sender->deflate(message, packed);
        require(packed.starts_with("front"), "what is there stays there");
        packed.erase(0, 5);
        require(compressed != packed.empty(), "a message is compressed, or nothing is written");
        if (!compressed) {
            require(message.size() < options.min_size || message.empty() || !options.parameters.server_context_takeover,
                    "with context takeover only short messages are left alone");
            continue;
        }
        require(options.parameters.server_context_takeover || packed.size() < message.size(), "compression pays");
        std::string out;
        require(receiver->inflate(packed, true, out, message.size()) == status::ok, "what was written can be read");
        require_equal(out, message, "a message comes back as it was");
    }
}

void check_offers(fuzz::input& in) {
    websocket::deflate_settings settings;
    settings.server_context_takeover = in.byte() % 2 != 0;
    settings.client_context_takeover = in.byte() % 2 != 0;
    settings.server_max_window_bits = static_cast<int>(9 + in.number(6));
    settings.client_max_window_bits = static_cast<int>(8 + in.number(7));
    std::vector<header_view> headers;
    std::string joined;
    for (std::string_view rest = in.text(); !rest.empty();) {
        headers.push_back({"Sec-WebSocket-Extensions", fuzz::take_until(rest, '\n')});
        joined.append(joined.empty() ? "" : ",").append(headers.back().value);
    }
    bool const valid = websocket::extensions_are_valid(headers);
    auto const agreed = websocket::negotiate_deflate(headers, settings);
    require(valid || !agreed.has_value(), "nothing is agreed on if the header is malformed");
    if (!valid || headers.empty()) return;

    header_view const one{"Sec-WebSocket-Extensions", joined};
    require(websocket::extensions_are_valid({&one, 1}), "lines may be joined");
    auto const again = websocket::negotiate_deflate({&one, 1}, settings);
    require(agreed.has_value() == again.has_value(), "joined lines offer the same");
    if (!agreed.has_value()) return;
    require_equal(agreed->answer, again->answer, "joined lines get the same answer");
    require(agreed->server_window_bits >= 9 && agreed->server_window_bits <= settings.server_max_window_bits &&
                agreed->client_window_bits >= 8 && agreed->client_window_bits <= settings.client_max_window_bits &&
                agreed->server_context_takeover <= settings.server_context_takeover &&
                agreed->client_context_takeover <= settings.client_context_takeover,
            "the settings are kept to");

    // An answer that were an offer would lead to the same agreement.
    header_view const answer{"Sec-WebSocket-Extensions", agreed->answer};
    auto const echo = websocket::negotiate_deflate({&answer, 1}, {true, true, 15, 15});
    require(echo.has_value(), "the answer is well-formed");
    require_equal(echo->answer, agreed->answer, "the answer says what was agreed on");
    require(echo->server_window_bits == agreed->server_window_bits &&
                echo->client_window_bits == agreed->client_window_bits,
            "the answer names the windows");
}

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    switch (in.byte() % 3) {
    case 0:
        check_inflate(in);
        break;
    case 1:
        check_round_trip(in);
        break;
    default:
        check_offers(in);
    }
    return 0;
}
