// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// What it takes to embed backchannel in a server that exists: a Transport, a session in the server's own connection
// type, and one line in the HTTP handler. The server here is a pretence without sockets, so that only that is seen.

#include <backchannel/backchannel.hpp>

#include <iostream>
#include <memory>
#include <string>

// [readme: the server's own connection]
struct my_connection {
    std::string sent;             // stands for a socket; several threads may send: lock, or see `dispatch`
    backchannel::session tracked; // its destruction tells the hub that the connection is gone
};

struct my_transport {
    using handle = std::weak_ptr<my_connection>;
    static constexpr bool bounds_itself = true; // send() answers backpressure when the connection's queue is full

    backchannel::delivery send(handle const& h, backchannel::message const& m) {
        auto const connection = h.lock();
        if (!connection) return backchannel::delivery::gone;
        if (connection->sent.size() + m.data().size() > 1'000'000) return backchannel::delivery::backpressure;
        connection->sent.append(m.data());
        return backchannel::delivery::accepted;
    }
    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        if (auto const connection = h.lock())
            connection->sent.append("[close ").append(std::to_string(code)).append(" ").append(reason).append("]");
    }
};
// [readme]

int main() {
    // [readme: hub and router]
    backchannel::connection_hub<my_transport> hub;
    backchannel::management_router router{hub, backchannel::bearer{"a-long-random-token"}, {.stage = "prod"}};
    // [readme]

    // [readme: when a WebSocket opens]
    auto connection = std::make_shared<my_connection>();
    connection->tracked = hub.open(connection, {.source_ip = "192.0.2.7", .user_agent = "wscat/6"});
    // [readme]
    std::string const target = "/prod/@connections/" + std::string{connection->tracked.id()};

    // [readme: for each HTTP request]
    auto const serve = [&](backchannel::request_view const& request) {
        if (auto const answer = router.handle(request)) return *answer;
        return backchannel::response{404}; // not ours: the application's own routes
    };
    // [readme]

    backchannel::header_view const headers[] = {{"Host", "localhost"}, {"Authorization", "Bearer a-long-random-token"}};
    auto const post = serve({"POST", target, headers, "Hello!"});
    auto const shown = serve({"GET", target, headers});
    auto const closed = serve({"DELETE", target, headers});
    auto const late = serve({"POST", target, headers, "too late"});
    auto const other = serve({"GET", "/index.html", headers});
    std::cout << post.status << " " << shown.status << " " << closed.status << " " << late.status << " "
              << other.status << "\n"
              << shown.body << "\n"
              << connection->sent << "\n";
    return post.status == 200 && shown.status == 200 && closed.status == 204 && late.status == 410 &&
                   other.status == 404
               ? 0
               : 1;
}
