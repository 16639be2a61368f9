// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_GATEWAY_FIXTURE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_GATEWAY_FIXTURE_HPP

#include "test_client.hpp"
#include "websocket_client.hpp"

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/gateway/gateway.hpp>

#include <asio/post.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace test {

using backchannel::completion;
using backchannel::connect_answer;
using backchannel::delivery;
using backchannel::gateway_client;
using backchannel::gateway_event;
using backchannel::gateway_metrics;
using backchannel::gateway_options;
using backchannel::message;
using backchannel::message_kind;
using backchannel::request_view;
using backchannel::response;
using namespace std::chrono_literals;

/// What happened, in order; waits for what has not happened yet.
class event_log {
public:
    void add(std::string text) {
        std::lock_guard const lock{mutex_};
        events_.push_back(std::move(text));
        changed_.notify_all();
    }
    [[nodiscard]] std::vector<std::string> events() {
        std::lock_guard const lock{mutex_};
        return events_;
    }
    [[nodiscard]] std::size_t count(std::string const& text) {
        std::lock_guard const lock{mutex_};
        return count_of(text);
    }
    /// False: it did not happen so often in good time.
    [[nodiscard]] bool wait_for(std::string const& text, std::size_t times = 1) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, test_client::patience, [&] { return count_of(text) >= times; });
    }

private:
    [[nodiscard]] std::size_t count_of(std::string const& text) const {
        std::size_t n = 0;
        for (std::string const& e : events_) n += e == text ? 1u : 0u;
        return n;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> events_;
};

/// A handler whose members can be set; one type for many tests, as each costs a compilation of the gateway.
struct scripted_handler {
    std::function<connect_answer(gateway_client&, request_view const&)> connect{};
    std::function<void(gateway_client&)> open{};
    std::function<void(gateway_client&, message const&)> receive{};
    std::function<void(std::string_view, int, std::string_view)> disconnect{};
    std::function<std::optional<response>(request_view const&)> request{};
    std::function<void(gateway_event const&)> event{};

    connect_answer on_connect(gateway_client& c, request_view const& r) {
        return connect ? connect(c, r) : connect_answer::accept();
    }
    void on_open(gateway_client& c) {
        if (open) open(c);
    }
    void on_message(gateway_client& c, message const& m) {
        if (receive)
            receive(c, m);
        else
            (void)c.send(m);
    }
    void on_disconnect(std::string_view id, std::uint16_t code, std::string_view reason) {
        if (disconnect) disconnect(id, code, reason);
    }
    std::optional<response> on_request(request_view const& r) {
        if (request) return request(r);
        if (r.target == "/missing") return std::nullopt;
        return response{200, "text/plain",
                        std::string{r.method}.append(" ").append(r.target).append(" ").append(r.body)};
    }
    void on_event(gateway_event const& e) {
        if (event) event(e);
    }
};

/// The same with the asynchronous form of `on_request`.
struct patient_handler {
    std::function<bool(request_view const&, completion<response>)> request{};

    bool on_request(request_view const& r, completion<response> done) { return request(r, std::move(done)); }
};

[[nodiscard]] inline gateway_options prod() {
    gateway_options options;
    options.router.stage = "prod";
    return options;
}

/// Listens on a free port, and gives that.
template <class Gateway>
[[nodiscard]] unsigned short open_port(Gateway& g) {
    std::error_code error;
    auto const where = g.listen({asio::ip::address_v4::loopback(), 0}, error);
    if (error) throw std::system_error{error};
    return where.port();
}

/// A gateway on loops of its own, running until the end of the test.
template <class Handler = scripted_handler, class Auth = backchannel::allow_all>
class running_gateway {
public:
    using gateway_type = backchannel::gateway<Auth, Handler>;

    explicit running_gateway(Handler handler = {}, gateway_options options = prod(), std::size_t threads = 1,
                             Auth auth = {})
        : server{threads, std::move(auth), std::move(handler), std::move(options)} {
        port = open_port(server);
        thread_ = std::thread{[this] { server.run(); }};
    }

    ~running_gateway() { stop(); }

    /// Returns when the loops have ended.
    void stop() {
        server.stop();
        wait();
    }

    /// Returns when the loops have ended; somebody else must end them.
    void wait() {
        if (thread_.joinable()) thread_.join();
    }

    /// Runs `f` on the first loop and gives its result.
    template <class F>
    auto on_loop(F f) {
        std::packaged_task<decltype(f())()> work{std::move(f)};
        auto result = work.get_future();
        asio::post(server.context(), [&work] { work(); });
        return result.get();
    }

    /// What `f` reads in the metrics is `expected`, now or soon.
    template <class F>
    [[nodiscard]] bool counts(F f, std::uint64_t expected);

    gateway_type server;
    unsigned short port = 0;

private:
    std::thread thread_;
};

[[nodiscard]] inline std::string get(std::string_view path, std::string_view more_headers = {}) {
    return std::string{"GET "}.append(path).append(" HTTP/1.1\r\nHost: here\r\n").append(more_headers).append("\r\n");
}
[[nodiscard]] inline std::string post(std::string_view path, std::string_view body,
                                      std::string_view more_headers = {}) {
    return std::string{"POST "}
        .append(path)
        .append(" HTTP/1.1\r\nHost: here\r\n")
        .append(more_headers)
        .append("Content-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\n\r\n")
        .append(body);
}
[[nodiscard]] inline std::string post_to(std::string_view id, std::string_view body) {
    return post(std::string{"/prod/@connections/"}.append(id), body);
}

/// Waits for a condition that another thread will bring about.
template <class F>
[[nodiscard]] bool soon(F&& condition) {
    auto const end = std::chrono::steady_clock::now() + test_client::patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

template <class Handler, class Auth>
template <class F>
bool running_gateway<Handler, Auth>::counts(F f, std::uint64_t expected) {
    return soon([&] { return std::invoke(f, server.metrics()) == expected; });
}

// Compiled once for all tests, in gateway_fixture.cpp.
extern template class running_gateway<>;

}

extern template class backchannel::gateway<backchannel::allow_all, test::scripted_handler>;

#endif
