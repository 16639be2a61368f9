// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Drogon: a WebSocket controller, and the management API in a pre-routing advice, on two loops.

#include "common.hpp"

#include <backchannel/adapters/drogon.hpp>

#include <drogon/WebSocketController.h>
#include <trantor/net/TcpServer.h>

#include <filesystem>

namespace adapter = backchannel::adapters::drogon;
using enum backchannel::message_kind;
using demo = service<adapter::transport>;
using drogon::HttpRequestPtr;
using drogon::WebSocketConnectionPtr;
using drogon::WebSocketMessageType;

class echo final : public drogon::WebSocketController<echo, false> {
public:
    explicit echo(demo& s) : service_{s} {}

    void handleNewConnection(HttpRequestPtr const& r, WebSocketConnectionPtr const& c) override {
        auto tracked = service_.hub.open(adapter::handle_of(r, c), adapter::info_of(r));
        if (!tracked) return c->forceClose(); // the hub is full
        c->setContext(std::make_shared<backchannel::session>(std::move(tracked)));
        std::string_view const id = c->getContextRef<backchannel::session>().id();
        (void)service_.hub.send(id, {greeting(id), text});
    }

    void handleNewMessage(WebSocketConnectionPtr const& c, std::string&& m, WebSocketMessageType const& kind) override {
        if (!c->hasContext()) return;
        auto& tracked = c->getContextRef<backchannel::session>();
        if (kind == WebSocketMessageType::Close) return tracked.closed(adapter::close_code(m), reason_of(m));
        if (kind != WebSocketMessageType::Text && kind != WebSocketMessageType::Binary) return;
        tracked.touch();
        (void)service_.hub.send(tracked.id(), {m, kind == WebSocketMessageType::Text ? text : binary});
    }

    void handleConnectionClosed(WebSocketConnectionPtr const& c) override { c->clearContext(); }

    WS_PATH_LIST_BEGIN
    WS_PATH_ADD("/prod", drogon::Get);
    WS_PATH_LIST_END

private:
    demo& service_;
};

/// Each loop listens for itself, so they need a number to agree on.
std::uint16_t free_port() {
    return trantor::TcpServer{drogon::app().getLoop(), {"127.0.0.1", 0}, "probe"}.address().toPort();
}

int main(int argc, char** argv) {
    demo s;
    trantor::Logger::setOutputFunction(
        [](char const* line, std::uint64_t size) { std::cerr.write(line, static_cast<std::streamsize>(size)); }, [] {});
    auto& app = drogon::app();
    app.registerController(std::make_shared<echo>(s));
    app.registerPreRoutingAdvice(
        [&](HttpRequestPtr const& r, drogon::AdviceCallback&& answer, drogon::AdviceChainCallback&& next) {
            if (!adapter::serve(s.router, r, answer)) next();
        });
    auto const asked = port_argument(argc, argv), port = asked == 0 ? free_port() : asked;
    app.registerBeginningAdvice([&] {
        app.getLoop()->runEvery(1.0, [&] { s.hub.expire(std::chrono::steady_clock::now()); });
        app.getLoop()->queueInLoop([&] { // behind this Drogon has both loops listen
            app.getIOLoop(0)->queueInLoop([&] { app.getIOLoop(1)->queueInLoop([&] { tell_port(port); }); });
        });
    });
    app.setThreadNum(2).setClientMaxMemoryBodySize(1024 * 1024); // bodies stay out of files
    app.setUploadPath(std::filesystem::temp_directory_path() / "backchannel-drogon");
    app.addListener("127.0.0.1", port).run(); // until SIGINT or SIGTERM
}
