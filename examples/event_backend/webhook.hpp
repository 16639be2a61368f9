// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_EVENT_BACKEND_WEBHOOK_HPP
#define BACKCHANNEL_EXAMPLES_EVENT_BACKEND_WEBHOOK_HPP

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

/// POSTs JSON to one place, one request after the other, so that what happened first arrives first.
///
/// Nothing waits: what cannot be sent yet is queued, up to a limit. A request that fails, or is not answered within ten
/// seconds, is reported and not repeated. Runs on one thread, that of the loop, which must outlive it.
class webhook {
public:
    static constexpr std::size_t max_queued = 16 * 1024 * 1024; // bytes of all that waits
    static constexpr std::size_t max_answer = 64 * 1024;        // bytes

    /// `url` is `http://host[:port][/path]`.
    webhook(asio::io_context& io, std::string_view url) : resolver_{io}, socket_{io}, deadline_{io} {
        constexpr std::string_view scheme = "http://";
        if (!url.starts_with(scheme)) throw std::invalid_argument{"a URL with http:// is expected"};
        url.remove_prefix(scheme.size());
        authority_ = url.substr(0, url.find('/'));
        if (url.size() > authority_.size()) path_ = url.substr(authority_.size());
        std::size_t const colon = authority_.rfind(':');
        host_ = authority_.substr(0, colon);
        if (colon != std::string::npos) port_ = authority_.substr(colon + 1);
    }

    /// False: the queue is full, and the event is dropped.
    bool post(std::string json) {
        if (json.size() > max_queued - std::min(queued_, max_queued)) return false;
        queue_.push_back("POST " + path_ + " HTTP/1.1\r\nHost: " + authority_ +
                         "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
                         std::to_string(json.size()) + "\r\n\r\n" + std::move(json));
        queued_ += queue_.back().size();
        if (queue_.size() == 1) begin();
        return true;
    }

private:
    void begin() {
        answer_.clear();
        deadline_.expires_after(std::chrono::seconds{10});
        deadline_.async_wait([this](std::error_code const& cancelled) {
            if (cancelled) return;
            resolver_.cancel();
            std::error_code ignored;
            socket_.close(ignored); // what waits for it ends with an error
        });
        resolver_.async_resolve(host_, port_, [this](std::error_code const& failed, auto const& found) {
            if (failed) return end(failed.message());
            asio::async_connect(socket_, found, [this](std::error_code const& error, asio::ip::tcp::endpoint const&) {
                if (error) return end(error.message());
                send();
            });
        });
    }

    void send() {
        asio::async_write(socket_, asio::buffer(queue_.front()), [this](std::error_code const& failed, std::size_t) {
            if (failed) return end(failed.message());
            auto const into = asio::dynamic_buffer(answer_, max_answer);
            asio::async_read(socket_, into, [this](std::error_code const& error, std::size_t) {
                bool const done = error == asio::error::eof && answer_.starts_with("HTTP/1.1 2");
                end(done ? "" : "answered \"" + answer_.substr(0, answer_.find('\r')) + "\", " + error.message());
            });
        });
    }

    void end(std::string const& problem) {
        if (!problem.empty()) std::cerr << "the backend missed an event: " << problem << "\n";
        deadline_.cancel();
        std::error_code ignored;
        socket_.close(ignored);
        queued_ -= queue_.front().size();
        queue_.pop_front();
        if (!queue_.empty()) begin();
    }

    std::string authority_, host_, port_ = "80", path_ = "/";
    asio::ip::tcp::resolver resolver_;
    asio::ip::tcp::socket socket_;
    asio::steady_timer deadline_;
    std::deque<std::string> queue_; // whole requests; the first is on its way
    std::size_t queued_ = 0;        // their bytes
    std::string answer_;
};

#endif
