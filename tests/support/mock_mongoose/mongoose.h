// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_MOCK_MONGOOSE_MONGOOSE_H
#define BACKCHANNEL_TESTS_SUPPORT_MOCK_MONGOOSE_MONGOOSE_H

// As much of Mongoose as adapters/mongoose.hpp uses: what would be sent is kept in the connection, and memory can run
// out.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct mg_str {
    char* buf = nullptr;
    std::size_t len = 0;
};
struct mg_iobuf {
    unsigned char* buf = nullptr;
    std::size_t size = 0, len = 0;
};
struct mg_addr {
    union {
        std::uint8_t ip[16];
    } addr{};
    bool is_ip6 = false;
};
struct mg_mgr {
    std::vector<unsigned long> rung{}; // the mock's: connections that mg_wakeup was called for
};
struct mg_connection {
    mg_mgr* mgr = nullptr;
    mg_addr rem{};
    unsigned long id = 0;
    mg_iobuf recv{}, send{};
    unsigned is_draining : 1 = 0;
    unsigned is_closing : 1 = 0;
    unsigned is_tls : 1 = 0;
    unsigned is_full : 1 = 0;
    unsigned is_resp : 1 = 0;
    std::string sent{};                      // the mock's
    std::size_t room = std::size_t(1) << 30; // the mock's: bytes that can still be kept
};
struct mg_http_header {
    mg_str name, value;
};
struct mg_http_message {
    mg_str method, uri, query, proto;
    mg_http_header headers[30];
    mg_str body, head, message;
};
struct mg_ws_message {
    mg_str data;
    std::uint8_t flags = 0;
};

enum { MG_EV_POLL = 2, MG_EV_READ = 8, MG_EV_WRITE = 9, MG_EV_CLOSE = 10, MG_EV_HTTP_HDRS = 11, MG_EV_HTTP_MSG = 12 };
enum { WEBSOCKET_OP_TEXT = 1, WEBSOCKET_OP_BINARY = 2, WEBSOCKET_OP_CLOSE = 8, WEBSOCKET_OP_PING = 9 };

inline bool mg_send(mg_connection* c, void const* bytes, std::size_t size) {
    if (size > c->room) return false;
    c->room -= size;
    c->sent.append(static_cast<char const*>(bytes), size);
    c->send.len += size;
    return true;
}
inline std::size_t mg_ws_send(mg_connection* c, void const* bytes, std::size_t size, int op) {
    char const header[4] = {static_cast<char>(0x80 | op), static_cast<char>(size < 126 ? size : 126),
                            static_cast<char>(size >> 8), static_cast<char>(size & 0xFF)};
    std::size_t const header_size = size < 126 ? 2 : 4;
    if (!mg_send(c, header, header_size)) return 0;
    if (!mg_send(c, bytes, size)) return header_size;
    return header_size + size;
}
inline bool mg_wakeup(mg_mgr* manager, unsigned long id, void const*, std::size_t) {
    manager->rung.push_back(id);
    return true;
}

#endif
