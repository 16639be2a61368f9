// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/deflate.hpp>

int main() {
    backchannel::header_view const offer{"Sec-WebSocket-Extensions", "permessage-deflate"};
    auto const agreed = backchannel::permessage_deflate{}.negotiate({&offer, 1});
    std::string const message(2000, 'a');
    std::string packed, unpacked;
    if (!agreed.has_value() || !agreed->codec->deflate(message, packed)) return 1;
    auto const result = agreed->codec->inflate(packed, true, unpacked, message.size());
    return result == backchannel::message_codec::status::ok && unpacked == message ? 0 : 1;
}
