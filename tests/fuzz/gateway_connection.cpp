// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Whole connections of the gateway, HTTP and WebSocket, over a stream that does what the input says.

#include "fuzz.hpp"
#include "support/mock_stream.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/gateway/gateway_core.hpp>

#include <stdexcept>

using namespace backchannel;
using fuzz::require;

namespace {

// What the client can do to the application, and all that the application sees.
struct handler {
    std::string* log;
    int* open;

    connect_answer on_connect(gateway_client&, request_view const& r) {
        log->append("connect ").append(r.target).append("\n");
        return r.target.find("refuse") == r.target.npos ? connect_answer::accept() : connect_answer::refuse(403, "no");
    }
    void on_open(gateway_client& c) {
        ++*open;
        (void)c.send(message{"welcome", message_kind::text});
    }
    void on_message(gateway_client& c, message const& m) {
        log->append("message ").append(m.data()).append("\n");
        if (m.data() == "throw") throw std::runtime_error{"as asked"};
        if (m.data() == "close") return c.close(4000, "as asked");
        (void)c.send(m);
    }
    void on_disconnect(std::string_view, std::uint16_t code, std::string_view reason) {
        --*open;
        log->append("disconnect ").append(std::to_string(code)).append(" ").append(reason).append("\n");
    }
    std::optional<response> on_request(request_view const& r) {
        log->append("request ").append(r.method).append(" ").append(r.target).append(" ").append(r.body).append("\n");
        if (r.target == "/throw") throw std::runtime_error{"as asked"};
        if (r.target == "/missing") return std::nullopt;
        return response{200, "text/plain", std::string{r.body}};
    }
};

using core_type = gateway_core<handler>;

// How a connection goes; the first form is the plain one, which the others are compared with.
struct course {
    std::vector<std::string_view> pieces;
    std::string script{};
    std::size_t handshake = 0, window = ~std::size_t{0};
    bool records = false, renegotiates = false;
    bool breaks = false, stops = false, hurries = false, ends_early = false; // these change what happens
};

// What is different each time, and what depends on when the body came.
std::string normalised(std::string sent) {
    auto const erase = [&](std::string_view from, std::size_t size) {
        for (std::size_t at = 0; (at = sent.find(from, at)) != std::string::npos;) sent.erase(at, size);
    };
    erase("\r\nDate: ", 37);
    erase("\r\nx-amzn-RequestId: ", 56);
    erase("HTTP/1.1 100 Continue\r\n\r\n", 25);
    return sent;
}

template <class Stream>
std::string run(course const& how) {
    std::string log;
    int open = 0;
    gateway_options options;
    options.router.stage = "prod";
    options.connection_id_header.clear();
    options.control_frame_rate = 0; // they are counted by the clock
    options.max_request_body = 3000;
    if (how.hurries) options.request_timeout = options.keep_alive_timeout = options.handshake_timeout = {};
    asio::io_context io;
    auto const wire = std::make_shared<test::mock_wire>(io);
    wire->script = how.script;
    wire->handshake = how.handshake;
    wire->window = how.window;
    wire->records = how.records;
    wire->renegotiates = how.renegotiates;
    auto const core = std::make_shared<core_type>(handler{&log, &open}, options);
    (void)core->mount<aws_dialect>(allow_all{}, options.router);
    auto const worker = std::make_shared<gateway_worker>(io);
    admission rooms{1, 0, 1};
    std::make_shared<client_connection<core_type, Stream>>(core, *worker, Stream{wire}, "192.0.2.7", rooms.enter({}))
        ->start();
    for (std::string_view const piece : how.pieces) {
        test::run_ready(io);
        wire->send(piece);
    }
    if (how.stops) worker->drain({}, std::chrono::hours{1}, {});
    if (how.breaks) wire->fail(asio::error::connection_reset);
    if (how.ends_early) wire->end(); // what waits for a WebSocket is not sent then
    test::run_ready(io);
    wire->open_window(~std::size_t{0});
    test::run_ready(io);
    require(wire->closed() || wire->unread() == 0, "all that has come is read");
    wire->end();
    test::run_ready(io);

    require(wire->misuse().empty(), "the stream is used as it may be");
    require(wire->closed() && worker->size() == 0, "a connection ends with its peer");
    require(open == 0, "each client that has come has gone");
    auto const& counters = worker->counters();
    require(counters.connections_open.get() == 0 && counters.websockets_open.get() == 0 &&
                counters.handshakes_pending.get() == 0 && counters.queue_bytes.get() == 0,
            "nothing is left in the counters");
    require(counters.bytes_sent.get() == wire->received().size(), "the bytes that were sent are counted");
    worker->abandon();
    test::run_ready(io);
    return log.append("---\n").append(normalised(wire->received()));
}

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, std::min<std::size_t>(size, 4096)};
    std::uint8_t const choice = in.byte();
    course how;
    how.records = (choice & 1) != 0;
    how.renegotiates = (choice & 2) != 0;
    how.handshake = choice & 4 ? in.byte() % 4u : 0;
    if (choice & 8) how.window = in.number(0x1FF);
    how.breaks = (choice & 0x30) == 0x10;
    how.stops = (choice & 0x30) == 0x20;
    how.hurries = (choice & 0x30) == 0x30;
    how.ends_early = (choice & 0x80) != 0;
    for (std::size_t n = in.byte() % 32u; n != 0; --n) how.script.push_back(static_cast<char>(in.byte()));
    auto const cuts = in.cuts();
    how.pieces = fuzz::pieces_of(in.text(), cuts);

    bool const secure = (choice & 0x40) != 0;
    std::string const other = secure ? run<test::secure_mock_stream>(how) : run<test::mock_stream>(how);
    if ((choice & 0xB0) != 0) return 0;
    course const plain{{in.text()}};
    std::string const whole = secure ? run<test::secure_mock_stream>(plain) : run<test::mock_stream>(plain);
    fuzz::require_equal(whole, other, "a connection goes the same however its bytes travel");
    return 0;
}
