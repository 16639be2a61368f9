// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_MOCK_DROGON_WEBSOCKETCONNECTION_H
#define BACKCHANNEL_TESTS_MOCK_DROGON_WEBSOCKETCONNECTION_H

#include <drogon/HttpAppFramework.h>

namespace drogon {

enum class WebSocketMessageType { Text, Binary, Ping, Close };
enum class CloseCode { kNormalClosure = 1000 };

class WebSocketConnection {
public:
    explicit WebSocketConnection(trantor::TcpConnectionPtr c) : stream{std::move(c)} {}

    void send(std::string_view m, WebSocketMessageType kind) {
        told.push_back((kind == WebSocketMessageType::Text     ? "text "
                        : kind == WebSocketMessageType::Binary ? "binary "
                                                               : "ping ") +
                       std::string{m});
        stream->write(2 + m.size());
    }
    bool connected() const { return open; }
    void shutdown(CloseCode code, std::string const& reason) {
        told.push_back("shutdown " + std::to_string(static_cast<int>(code)) + " " + reason);
        open = false;
    }
    void forceClose() {
        told.push_back("forceClose");
        open = false;
    }

    // for tests
    trantor::TcpConnectionPtr stream;
    std::vector<std::string> told;
    bool open = true;
};
using WebSocketConnectionPtr = std::shared_ptr<WebSocketConnection>;

}

#endif
