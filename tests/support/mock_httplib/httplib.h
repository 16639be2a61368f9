// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_MOCK_HTTPLIB_HTTPLIB_H
#define BACKCHANNEL_TESTS_MOCK_HTTPLIB_HTTPLIB_H

// As much of cpp-httplib as its adapter calls.

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using socket_t = int;
#define INVALID_SOCKET (-1)
#define CPPHTTPLIB_WEBSOCKET_READ_TIMEOUT_SECOND 300

namespace httplib {

enum class Error { Success, Read, ConnectionClosed };

class Stream {
public:
    virtual ~Stream() = default;
    virtual bool is_readable() const = 0;
    virtual bool wait_readable() const = 0;
    virtual bool wait_writable() const = 0;
    virtual ssize_t read(char* to, std::size_t size) = 0;
    virtual ssize_t write(char const* from, std::size_t size) = 0;
    virtual void get_remote_ip_and_port(std::string& ip, int& port) const = 0;
    virtual void get_local_ip_and_port(std::string& ip, int& port) const = 0;
    virtual socket_t socket() const = 0;
    virtual time_t duration() const = 0;
    virtual void set_read_timeout(time_t, time_t) {}
    Error get_error() const { return error_; }

protected:
    Error error_ = Error::Success;
};

struct Headers : std::vector<std::pair<std::string, std::string>> {
    using vector::vector;
    void erase(std::string_view name) {
        std::erase_if(*this, [&](auto const& field) { return field.first == name; });
    }
};

struct Request {
    std::string method, target;
    Headers headers{};
    std::string body{};
    std::string remote_addr{};
    std::string version = "HTTP/1.1";

    std::string get_header_value(std::string const& name) const {
        for (auto const& field : headers)
            if (field.first == name) return field.second;
        return {};
    }
};

/// What a body that comes in pieces is written to.
struct DataSink {
    std::function<bool(char const*, std::size_t)> write;
    std::function<void()> done;
};

struct Response {
    int status = -1;
    Headers headers{};
    std::string body{};
    void set_header(std::string const& name, std::string const& value) { headers.emplace_back(name, value); }
    void set_chunked_content_provider(std::string const& type, std::function<bool(std::size_t, DataSink&)> f) {
        set_header("Content-Type", type);
        provider = std::move(f);
    }
    std::function<bool(std::size_t, DataSink&)> provider{};
};

/// Gives the receiver one piece after the other; false if the receiver doesn't want more, or the client has left.
struct ContentReader {
    std::vector<std::string> pieces;
    bool client_leaves = false;
    mutable std::size_t given = 0;

    bool operator()(std::function<bool(char const*, std::size_t)> const& receiver) const {
        for (auto const& piece : pieces) {
            ++given;
            if (!receiver(piece.data(), piece.size())) return false;
        }
        return !client_leaves;
    }
};

namespace ws {

enum ReadResult : int { Fail = 0, Text = 1, Binary = 2 };
enum class CloseStatus : std::uint16_t { Normal = 1000 };

/// Its frames are a kind (T, B or C), four digits for the length, and the payload.
class WebSocket {
public:
    explicit WebSocket(Stream& s) : stream_{s} {}

    ReadResult read(std::string& to) {
        char kind = 0;
        while (!closed_ && frame(kind, to)) {
            if (kind != 'C') return kind == 'T' ? Text : Binary;
            if (!closed_.exchange(true)) write('C', to);
        }
        closed_ = true;
        return Fail;
    }
    bool send(std::string const& m) { return !closed_ && write('T', m); }
    bool send(char const* m, std::size_t size) { return !closed_ && write('B', {m, size}); }
    void close(CloseStatus status, std::string const& reason) {
        if (closed_.exchange(true)) return;
        write('C', std::to_string(static_cast<int>(status)) + " " + reason);
        stream_.set_read_timeout(5, 0);
        char kind = 0;
        std::string answer;
        while (frame(kind, answer) && kind != 'C') {
        }
    }

private:
    bool frame(char& kind, std::string& payload) {
        char head[5];
        if (stream_.read(head, sizeof(head)) != sizeof(head)) return false;
        kind = head[0];
        payload.resize(std::stoul(std::string{head + 1, 4}));
        for (std::size_t done = 0; done != payload.size();) {
            ssize_t const n = stream_.read(payload.data() + done, payload.size() - done);
            if (n <= 0) return false;
            done += static_cast<std::size_t>(n);
        }
        return true;
    }
    bool write(char kind, std::string_view payload) {
        std::lock_guard const lock{mutex_};
        std::string digits = std::to_string(10000 + payload.size());
        digits[0] = kind;
        return stream_.write(digits.data(), digits.size()) >= 0 && stream_.write(payload.data(), payload.size()) >= 0;
    }

    Stream& stream_;
    std::atomic<bool> closed_ = false;
    std::mutex mutex_;
};

}

class Server {
public:
    virtual ~Server() = default;

    /// What a thread of the pool does with a connection.
    void serve(socket_t socket) { process_and_close_socket(socket); }
    void stop() { svr_sock_ = INVALID_SOCKET; }
    void set_keep_alive_max_count(std::size_t n) { keep_alive_max_count_ = n; }
    void set_write_timeout(time_t, time_t microseconds) { write_timeout_usec_ = microseconds; }

    /// A request, of which nothing was read yet. `last`: no other request may follow.
    std::function<void(Stream&, bool last, bool& closed)> on_request;

protected:
    bool process_request(Stream& s, std::string const&, int, std::string const&, int, bool last, bool& closed,
                         std::function<void(Request&)> const&, bool* = nullptr) {
        on_request(s, last, closed);
        return s.get_error() == Error::Success;
    }

    std::atomic<socket_t> svr_sock_ = 0;
    std::size_t keep_alive_max_count_ = 100;
    time_t keep_alive_timeout_sec_ = 60;
    time_t read_timeout_sec_ = 60;
    time_t read_timeout_usec_ = 0;
    time_t write_timeout_sec_ = 0;
    time_t write_timeout_usec_ = 50'000;

private:
    virtual bool process_and_close_socket(socket_t socket) = 0;
};

}

#endif
