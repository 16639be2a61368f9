// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_GATEWAY_CORE_HPP
#define BACKCHANNEL_GATEWAY_GATEWAY_CORE_HPP

#include <backchannel/connection_hub.hpp>
#include <backchannel/gateway/gateway_options.hpp>
#include <backchannel/gateway/handler.hpp>
#include <backchannel/gateway/http_session.hpp>
#include <backchannel/gateway/listener.hpp>
#include <backchannel/gateway/transport.hpp>
#include <backchannel/gateway/worker.hpp>
#include <backchannel/management_router.hpp>
#include <backchannel/support/guarded.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a gateway's connections share; it lives as long as the last of them.
template <class Auth, class Handler>
class gateway_core : public std::enable_shared_from_this<gateway_core<Auth, Handler>> {
public:
    using handler_type = Handler;
    using hub_type = connection_hub<gateway_transport>;
    using router_type = management_router<Auth>;
    using stream_type = asio::ip::tcp::socket;
    using session_type = http_session<gateway_core, stream_type>;

    gateway_core(Auth auth, Handler h, gateway_options o)
        : options{std::move(o)}, handler{std::move(h)}, hub{gateway_transport{}, options.hub}, router{hub,
                                                                                                      std::move(auth),
                                                                                                      options.router} {}

    gateway_options const options;
    Handler handler;
    hub_type hub;
    router_type router;
    std::atomic<bool> stopping{false};
    static constexpr bool secure = false;

    [[nodiscard]] response stamped(response r) {
        response whole = std::move(r);
        stamp_.apply(whole, system_clocks{}.wall());
        return whole;
    }

    /// Whether WebSocket clients connect there: `/{stage}`, with or without a slash at its end, and any query.
    [[nodiscard]] bool is_websocket_path(std::string_view target) const noexcept {
        std::string_view path = protocol::path_of(target);
        if (path.empty() || path.front() != '/') return false;
        path.remove_prefix(1);
        if (!path.empty() && path.back() == '/') path.remove_suffix(1);
        return path == options.router.stage;
    }

    void add_worker(asio::io_context& io) {
        workers_.push_back(std::make_shared<gateway_worker>(io));
        if (workers_.size() > 1) return;
        // the first loop wakes the hub
        expiry_ = std::make_unique<asio::steady_timer>(io);
        hub.on_deadline_earlier([weak = this->weak_from_this()] {
            auto const self = weak.lock();
            if (self == nullptr) return;
            (void)guarded([&] { // without memory, deadlines come late
                asio::post(self->workers_.front()->executor(), [weak] {
                    if (auto const there = weak.lock()) there->arm_expiry();
                });
            });
        });
    }

    void add_own_workers(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            own_loops_.push_back(std::make_unique<asio::io_context>(1));
            add_worker(*own_loops_.back());
        }
    }

    asio::ip::tcp::endpoint listen(asio::ip::tcp::endpoint where, std::error_code& error) {
        std::vector<open_listener> opened;
        for (auto const& worker : workers_) {
            opened.push_back({worker, std::make_shared<tcp_listener>(worker->context())});
            where = opened.back().listener->open(where, workers_.size() > 1, error);
            if (error) return where;
        }
        for (open_listener& one : opened) {
            one.listener->accept([weak = this->weak_from_this(), w = one.worker.get()](asio::ip::tcp::socket socket) {
                if (auto const self = weak.lock()) self->add_connection(*w, std::move(socket));
            });
            listeners_.push_back(std::move(one));
        }
        return where;
    }

    void run() {
        std::vector<std::thread> threads;
        for (std::size_t i = 1; i < own_loops_.size(); ++i)
            threads.emplace_back([&loop = *own_loops_[i]] { loop.run(); });
        if (!own_loops_.empty()) own_loops_.front()->run();
        for (std::thread& t : threads) t.join();
    }

    void stop() {
        if (stopping.exchange(true)) return;
        for (auto const& worker : workers_) {
            asio::post(worker->executor(), [weak = this->weak_from_this(), worker] {
                auto const self = weak.lock();
                if (self == nullptr) return; // abandoned meanwhile
                for (auto const& [owner, listener] : self->listeners_)
                    if (owner == worker) listener->close();
                if (worker == self->workers_.front() && self->expiry_ != nullptr) self->expiry_->cancel();
                worker->stop(2 * self->options.linger_timeout);
            });
        }
    }

    /// The loops do not run any more.
    void abandon() {
        stopping = true;
        for (auto const& entry : listeners_) entry.listener->close();
        for (auto const& worker : workers_) worker->abandon();
        expiry_.reset();
        for (auto const& loop : own_loops_) { // what was cancelled lets go of its connections
            loop->restart();
            loop->poll();
        }
    }

    [[nodiscard]] asio::io_context& first_loop() noexcept { return workers_.front()->context(); }

private:
    struct open_listener {
        std::shared_ptr<gateway_worker> worker;
        std::shared_ptr<tcp_listener> listener;
    };

    void add_connection(gateway_worker& worker, asio::ip::tcp::socket socket) {
        std::error_code error;
        auto const peer = socket.remote_endpoint(error);
        if (error || stopping) return; // it has gone already, or comes too late
        socket.set_option(asio::ip::tcp::no_delay{true}, error);
        socket.non_blocking(true, error);
        std::make_shared<session_type>(this->shared_from_this(), worker, std::move(socket),
                                       normalise_ip(peer.address().to_string()))
            ->start();
    }

    void arm_expiry() {
        if (expiry_ == nullptr || stopping) return;
        auto const next = hub.next_deadline();
        if (!next) return;
        expiry_->expires_at(*next);
        expiry_->async_wait([weak = this->weak_from_this()](std::error_code const& error) {
            auto const self = weak.lock();
            if (error || self == nullptr) return;
            self->hub.expire(std::chrono::steady_clock::now());
            self->arm_expiry();
        });
    }

    std::vector<std::unique_ptr<asio::io_context>> own_loops_; // before what lives on them
    std::vector<std::shared_ptr<gateway_worker>> workers_;
    std::vector<open_listener> listeners_;
    std::unique_ptr<asio::steady_timer> expiry_;
    response_stamp stamp_;
};

}

#endif
