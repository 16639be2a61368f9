// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// restinio PORT   the same service on RESTinio: one thread, its traits without locks; it verifies nothing

#include "../command_line.hpp"

#include <restinio/all.hpp>
#include <restinio/websocket/websocket.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>

namespace {

namespace websocket = restinio::websocket::basic;
using traits = restinio::default_single_thread_traits_t;

struct clients {
    std::unordered_map<std::string, websocket::ws_handle_t> by_id{};
    std::unordered_map<std::uint64_t, std::string> ids{};
    unsigned last = 0;

    void open(restinio::request_t& request) {
        auto const to = websocket::upgrade<traits>(
            request, websocket::activation_t::immediate, [this](auto const& from, auto const& frame) {
                if (frame->opcode() == websocket::opcode_t::connection_close_frame) closed(from->connection_id());
            });
        char id[16];
        std::snprintf(id, sizeof id, "%08x", ++last);
        by_id.emplace(id, to);
        ids.emplace(to->connection_id(), id);
        to->send_message(websocket::final_frame, websocket::opcode_t::text_frame, bench::greeting(id));
    }

    void closed(std::uint64_t connection) {
        auto const known = ids.find(connection);
        if (known == ids.end()) return;
        by_id.erase(known->second);
        ids.erase(known);
    }

    void broadcast(std::string const& body) {
        auto const shared = std::make_shared<std::string>(body);
        for (auto const& [id, to] : by_id)
            to->send_message(websocket::final_frame, websocket::opcode_t::text_frame, shared);
    }
};

restinio::request_handling_status_t serve(clients& all, restinio::request_handle_t const& request) {
    auto const& head = request->header();
    if (head.connection() == restinio::http_connection_header_t::upgrade) {
        all.open(*request);
        return restinio::request_accepted();
    }
    auto const& target = head.request_target();
    if (target == "/broadcast") {
        all.broadcast(request->body());
        return request->create_response().done();
    }
    auto const to = all.by_id.find(target.substr(target.rfind('/') + 1));
    if (to == all.by_id.end()) return request->create_response(restinio::status_gone()).done();
    if (head.method() == restinio::http_method_post()) {
        to->second->send_message(websocket::final_frame, websocket::opcode_t::text_frame, std::string{request->body()});
        return request->create_response().done();
    }
    if (head.method() == restinio::http_method_delete()) {
        to->second->send_message(websocket::final_frame, websocket::opcode_t::connection_close_frame, "\x03\xE8");
        return request->create_response(restinio::status_no_content()).done();
    }
    return request->create_response()
        .set_body(R"({"connectedAt":"2026-01-01T00:00:00.000Z","lastActiveAt":"2026-01-01T00:00:00.000Z"})")
        .done();
}

}

int main(int argc, char** argv) {
    bench::command_line const given{argc, argv};
    clients all;
    restinio::run(
        restinio::on_this_thread<traits>()
            .address("127.0.0.1")
            .port(given.port())
            .socket_options_setter([](auto& options) { options.set_option(asio::ip::tcp::no_delay{true}); })
            .acceptor_post_bind_hook([](auto& acceptor) { bench::tell_port(acceptor.local_endpoint().port()); })
            .max_pipelined_requests(64)
            .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}.max_body_size(1 << 20))
            .handle_request_timeout(std::chrono::seconds{60})
            .request_handler([&all](auto const& request) { return serve(all, request); }));
}
