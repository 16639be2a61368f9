// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// As little as a server on cpp-httplib can be, which speaks no WebSocket: what compiling it costs.

#include <httplib.h>

int main() {
    httplib::Server server;
    server.Post("/@connections/(.+)", [](httplib::Request const& request, httplib::Response& response) {
        response.set_content(request.body, "text/plain");
    });
    return server.listen("127.0.0.1", 8080) ? 0 : 1;
}
