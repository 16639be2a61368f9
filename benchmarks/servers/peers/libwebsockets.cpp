// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// libwebsockets PORT   the same service on libwebsockets with its own loop; it verifies nothing
//
// Tuned: its buffers hold a whole message of 128 KB.

#include "../command_line.hpp"

#include <libwebsockets.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using framed = std::vector<unsigned char>; // room for the header, then the message

/// What a socket is at the moment; libwebsockets keeps a pointer to it and clears that for each request.
struct exchange {
    std::string target{}, body{}, id{};
    bool post = false, del = false, ends = false;
    std::deque<framed> waiting{};
};

struct peer {
    lws* socket;
    exchange* state;
};

std::unordered_map<std::string, peer> clients;

void deliver(peer const& to, std::string_view message) {
    framed frame(LWS_PRE + message.size());
    std::memcpy(frame.data() + LWS_PRE, message.data(), message.size());
    to.state->waiting.push_back(std::move(frame));
    lws_callback_on_writable(to.socket);
}

int answer(lws* socket, unsigned status, std::string_view body = {}) {
    std::array<unsigned char, LWS_PRE + 1024> text;
    unsigned char *const start = text.data() + LWS_PRE, *const end = text.data() + text.size();
    unsigned char* at = start;
    if (lws_add_http_header_status(socket, status, &at, end) != 0) return 1;
    if (lws_add_http_header_content_length(socket, body.size(), &at, end) != 0) return 1;
    if (lws_finalize_write_http_header(socket, start, &at, end) != 0) return 1;
    if (!body.empty()) {
        std::memcpy(start, body.data(), body.size());
        if (lws_write(socket, start, body.size(), LWS_WRITE_HTTP_FINAL) < 0) return 1;
    }
    return lws_http_transaction_completed(socket) != 0 ? -1 : 0;
}

int serve(lws* socket, exchange& request) {
    if (request.target == "/broadcast") {
        for (auto const& [id, to] : clients) deliver(to, request.body);
        return answer(socket, 200);
    }
    auto const to = clients.find(request.target.substr(request.target.rfind('/') + 1));
    if (to == clients.end()) return answer(socket, 410);
    if (request.post) {
        deliver(to->second, request.body);
        return answer(socket, 200);
    }
    if (request.del) {
        to->second.state->ends = true;
        lws_callback_on_writable(to->second.socket);
        return answer(socket, 204);
    }
    return answer(socket, 200,
                  R"({"connectedAt":"2026-01-01T00:00:00.000Z","lastActiveAt":"2026-01-01T00:00:00.000Z"})");
}

int opened(lws* socket, exchange& state) {
    static unsigned last = 0;
    char id[16];
    std::snprintf(id, sizeof id, "%08x", ++last);
    state.id = id;
    clients[state.id] = {socket, &state};
    deliver({socket, &state}, bench::greeting(state.id));
    return 0;
}

int write(lws* socket, exchange& state) {
    while (!state.waiting.empty()) {
        framed frame = std::move(state.waiting.front());
        state.waiting.pop_front();
        if (lws_write(socket, frame.data() + LWS_PRE, frame.size() - LWS_PRE, LWS_WRITE_TEXT) < 0) return -1;
        if (lws_send_pipe_choked(socket) != 0) break;
    }
    if (!state.waiting.empty())
        lws_callback_on_writable(socket);
    else if (state.ends)
        return lws_close_reason(socket, LWS_CLOSE_STATUS_NORMAL, nullptr, 0), -1;
    return 0;
}

int on_event(lws* socket, lws_callback_reasons why, void* data, void* in, std::size_t size) {
    auto** const state = static_cast<exchange**>(data);
    switch (why) {
    case LWS_CALLBACK_HTTP:
        delete *state;
        *state = new exchange;
        (*state)->target.assign(static_cast<char const*>(in), size);
        (*state)->post = lws_hdr_total_length(socket, WSI_TOKEN_POST_URI) > 0;
        (*state)->del = lws_hdr_total_length(socket, WSI_TOKEN_DELETE_URI) > 0;
        return (*state)->post ? 0 : serve(socket, **state);
    case LWS_CALLBACK_HTTP_BODY:
        (*state)->body.append(static_cast<char const*>(in), size);
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return (*state)->post ? serve(socket, **state) : 0;
    case LWS_CALLBACK_ESTABLISHED:
        *state = new exchange;
        return opened(socket, **state);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write(socket, **state);
    case LWS_CALLBACK_CLOSED:
        clients.erase((*state)->id);
        [[fallthrough]];
    case LWS_CALLBACK_CLOSED_HTTP:
        if (state != nullptr) {
            delete *state;
            *state = nullptr;
        }
        return 0;
    default:
        return lws_callback_http_dummy(socket, why, data, in, size);
    }
}

}

int main(int argc, char** argv) {
    bench::command_line const given{argc, argv};
    constexpr std::size_t buffer = 1 << 17;
    std::array<lws_protocols, 2> const protocols{
        {{"http", on_event, sizeof(exchange*), buffer, 0, nullptr, 0}, {nullptr, nullptr, 0, 0, 0, nullptr, 0}}};
    lws_set_log_level(LLL_ERR, nullptr);
    lws_context_creation_info info{};
    info.port = given.port();
    info.iface = "127.0.0.1";
    info.protocols = protocols.data();
    info.pt_serv_buf_size = buffer;
    info.keepalive_timeout = 60;
    lws_context* const context = lws_create_context(&info);
    if (context == nullptr) return 1;
    bench::tell_port(static_cast<unsigned>(lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default"))));
    while (lws_service(context, 0) >= 0) {
    }
}
