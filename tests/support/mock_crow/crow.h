// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_MOCK_CROW_CROW_H
#define BACKCHANNEL_TESTS_MOCK_CROW_CROW_H

// As much of Crow, and of Asio under it, as its adapter calls.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace asio {

/// Runs what was posted when a test says so.
struct io_context {
    std::vector<std::function<void()>> posted;
    bool here = true; ///< whether the caller counts as the loop's thread

    std::size_t run() {
        auto const now = std::exchange(posted, {});
        for (auto const& f : now) f();
        return now.size();
    }
};

template <class F>
void post(io_context& io, F f) {
    io.posted.emplace_back(std::move(f));
}
template <class F>
void dispatch(io_context& io, F f) {
    if (io.here)
        f();
    else
        post(io, std::move(f));
}

}

namespace crow {

enum class HTTPMethod { Delete, Get, Post };
inline std::string method_name(HTTPMethod m) {
    return m == HTTPMethod::Delete ? "DELETE" : m == HTTPMethod::Get ? "GET" : "POST";
}

using ci_map = std::multimap<std::string, std::string>;

struct request {
    HTTPMethod method = HTTPMethod::Get;
    std::string raw_url;
    ci_map headers{};
    std::string body{};
    std::string remote_ip_address{};
    asio::io_context* io_context = nullptr;

    std::string get_header_value(std::string const& name) const {
        auto const found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
};

struct response {
    int code = 200;
    std::string body{};
    ci_map headers{};
    bool manual_length_header = false;

    void add_header(std::string name, std::string value) { headers.emplace(std::move(name), std::move(value)); }
    void end() { ++ended; }

    int ended = 0; // for tests
};

namespace websocket {

struct connection {
    virtual void send_binary(std::string m) = 0;
    virtual void send_text(std::string m) = 0;
    virtual void send_ping(std::string m) = 0;
    virtual void close(std::string const& reason, std::uint16_t code) = 0;
    virtual ~connection() = default;

    void userdata(void* u) { userdata_ = u; }
    void* userdata() { return userdata_; }

private:
    void* userdata_ = nullptr;
};

}

}

#endif
