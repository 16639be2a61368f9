// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The embedded gateway on an io_context of one's own: WebSockets, the signed management API and one's own routes.

#include <backchannel/gateway/gateway.hpp>

#include <iostream>

// [readme: a gateway]
struct chat {
    backchannel::connect_answer on_connect(backchannel::gateway_client&, backchannel::request_view const& request) {
        if (request.target.find("token=") == std::string_view::npos) return backchannel::connect_answer::refuse(401);
        return backchannel::connect_answer::accept();
    }
    void on_message(backchannel::gateway_client& client, backchannel::message const& m) { (void)client.send(m); }
    void on_disconnect(std::string_view id, std::uint16_t code, std::string_view) {
        std::cerr << id << " left with " << code << "\n";
    }
    std::optional<backchannel::response> on_request(backchannel::request_view const& request) {
        if (request.target == "/hello") return backchannel::response{200, "text/plain", "hello\n"};
        return std::nullopt;
    }
};

int main(int argc, char** argv) {
    backchannel::sigv4 auth{backchannel::static_keys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}};
    asio::io_context io;
    backchannel::gateway server{io, std::move(auth), chat{}, {.router = {.stage = "prod"}}};

    std::error_code error;
    auto const where = server.listen({asio::ip::make_address("127.0.0.1"), 0}, error);
    if (error) return std::cerr << error.message() << "\n", 1;
    std::cout << "ws://" << where << "/prod?token=1" << std::endl;
    // [readme]
    if (argc > 1 && std::string_view{argv[1]} == "--once") server.stop(); // for a test: start, and end at once
    io.run();
}
