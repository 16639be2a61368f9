// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_GATEWAY_CORE_HPP
#define BACKCHANNEL_GATEWAY_GATEWAY_CORE_HPP

#include <backchannel/connection_hub.hpp>
#include <backchannel/gateway/admission.hpp>
#include <backchannel/gateway/client_connection.hpp>
#include <backchannel/gateway/connection_deadlines.hpp>
#include <backchannel/gateway/event.hpp>
#include <backchannel/gateway/gateway_options.hpp>
#include <backchannel/gateway/handler.hpp>
#include <backchannel/gateway/hub_alarm.hpp>
#include <backchannel/gateway/listener.hpp>
#include <backchannel/gateway/metrics.hpp>
#include <backchannel/gateway/mounted_router.hpp>
#include <backchannel/gateway/request_rules.hpp>
#include <backchannel/gateway/stream.hpp>
#include <backchannel/gateway/transport.hpp>
#include <backchannel/gateway/worker.hpp>
#include <backchannel/support/guarded.hpp>
#include <backchannel/support/ip_text.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a gateway's connections share; it lives as long as the last of them.
template <class Handler>
class gateway_core final : public std::enable_shared_from_this<gateway_core<Handler>>, private denial_observer {
public:
    using handler_type = Handler;
    using hub_type = connection_hub<gateway_transport>;

    gateway_core(Handler h, gateway_options o)
        : options{std::move(o)}, deadlines{options.handshake_timeout, options.write_timeout, options.linger_timeout},
          handler{std::move(h)}, hub{gateway_transport{}, options.hub}, admission_{options.max_connections,
                                                                                   options.max_connections_per_address,
                                                                                   options.max_handshakes} {}

    gateway_options const options;
    connection_deadlines const deadlines;
    Handler handler;
    hub_type hub;
    std::atomic<bool> stopping{false};

    /// One more router, asked behind those before it. Before any loop runs.
    template <class Dialect, class Auth>
    auto& mount(Auth auth, router_options const& router) {
        auto mounted = std::make_unique<mounted_router_of<Auth, Dialect>>(
            hub, std::move(auth), router, static_cast<denial_observer&>(*this), this->weak_from_this());
        auto& made = mounted->router();
        least_body_limit_ = std::min(least_body_limit_, made.max_body());
        routers_.push_back(std::move(mounted));
        return made;
    }

    /// In the order in which they are asked; there is one at least.
    [[nodiscard]] std::span<std::unique_ptr<mounted_router> const> routers() const noexcept { return routers_; }

    /// A body up to this many bytes is too long for nobody.
    [[nodiscard]] std::size_t least_body_limit() const noexcept { return least_body_limit_; }

    /// The router that answers for a target; none: the target is the application's.
    [[nodiscard]] mounted_router* router_for(std::string_view target) const noexcept {
        for (auto const& one : routers_)
            if (one->owns(target)) return one.get();
        return nullptr;
    }

    /// Whether the path belongs to one of the APIs, though not to a router here.
    [[nodiscard]] bool reserves(std::string_view target) const noexcept {
        return std::any_of(routers_.begin(), routers_.end(), [&](auto const& one) { return one->reserves(target); });
    }

    [[nodiscard]] response stamped(response r) {
        response whole = std::move(r);
        stamp_.apply(whole, system_clocks{}.wall(), routers_.front()->request_id_header());
        return whole;
    }

    /// Tells the handler's log.
    void note(gateway_event const& event) noexcept {
        if constexpr (has_on_event<Handler>) {
            if (!abandoned_) (void)guarded([&] { handler.on_event(event); });
        } else {
            (void)event;
        }
    }

    /// Whether WebSocket clients connect there: `/{stage}`, with or without a slash at its end, and any query.
    [[nodiscard]] bool is_websocket_path(std::string_view target) const noexcept {
        std::string_view path = protocol::path_of(target);
        if (path.empty() || path.front() != '/') return false;
        path.remove_prefix(1);
        if (!path.empty() && path.back() == '/') path.remove_suffix(1);
        return path == options.router.stage;
    }

    [[nodiscard]] gateway_metrics metrics() const noexcept {
        gateway_metrics sum;
        for (auto const& worker : workers_)
            sum.combine(worker->counters(), [](std::uint64_t& to, loop_counter const& from) { to += from.get(); });
        for (std::size_t i = 0; i != denied_.size(); ++i)
            sum.requests_denied[i] = denied_[i].load(std::memory_order_relaxed);
        sum.hub = hub.metrics();
        return sum;
    }

    void add_worker(asio::io_context& io) {
        workers_.push_back(std::make_shared<gateway_worker>(io));
        drained_.reserve(workers_.size());
        if (workers_.size() > 1) return;
        // the first loop wakes the hub
        alarm_ = std::make_shared<hub_alarm<hub_type>>(io, workers_.front()->door(),
                                                       std::shared_ptr<hub_type>(this->shared_from_this(), &hub));
        hub.on_deadline_earlier([alarm = alarm_] { alarm->look_again(); });
    }

    void add_own_workers(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            own_loops_.push_back(std::make_unique<asio::io_context>(1));
            busy_.emplace_back(own_loops_.back()->get_executor());
            add_worker(*own_loops_.back());
        }
    }

    /// `make_stream` makes a connection's stream of its socket.
    template <class MakeStream>
    asio::ip::tcp::endpoint listen(asio::ip::tcp::endpoint where, MakeStream make_stream, std::error_code& error) {
        std::vector<open_listener> opened;
        for (auto const& worker : workers_) {
            opened.push_back({worker, std::make_shared<tcp_listener>(worker->context())});
            where = opened.back().listener->open(where, workers_.size() > 1, error);
            if (error) return where;
        }
        for (open_listener& one : opened) {
            one.listener->accept(
                [weak = this->weak_from_this(), w = one.worker.get(), make_stream](accepted_socket socket,
                                                                                   auto const& peer) {
                    if (auto const self = weak.lock()) self->add_connection(*w, std::move(socket), peer, make_stream);
                },
                [weak = this->weak_from_this(), w = one.worker.get()](std::error_code const& why) {
                    auto const self = weak.lock();
                    if (self == nullptr) return;
                    w->counters().accept_errors.add(1);
                    std::string const text = why.message();
                    self->note({.what = gateway_event::type::accept_failed, .text = text});
                });
            listeners_.push_back(std::move(one));
        }
        return where;
    }

    void run() {
        if (own_loops_.empty()) return;
        for (auto const& worker : workers_) (void)worker->sockets(); // while there are files
        std::vector<std::thread> threads;
        for (std::size_t i = 1; i < own_loops_.size(); ++i)
            threads.emplace_back([&loop = *own_loops_[i]] { loop.run(); });
        own_loops_.front()->run();
        for (std::thread& t : threads) t.join();
    }

    /// WebSockets are closed over the time `window`; what is left after `grace` is dropped; then `done` is called.
    void drain(std::chrono::milliseconds window, std::chrono::milliseconds grace, std::function<void()> done) {
        bool const first = !stopping.exchange(true);
        if (first) note({.what = gateway_event::type::draining});
        if (done) {
            std::lock_guard const lock{drained_mutex_};
            when_drained_.push_back(std::move(done));
        }
        for (auto const& worker : workers_) {
            asio::post(worker->executor(), [weak = this->weak_from_this(), worker, window, grace] {
                if (auto const self = weak.lock()) self->drain_worker(worker, window, grace); // else abandoned
            });
        }
    }

    /// The loops do not run any more.
    void abandon() {
        stopping = true;
        for (auto const& entry : listeners_) entry.listener->close();
        listeners_.clear();
        for (auto const& worker : workers_) worker->abandon();
        if (alarm_ != nullptr) alarm_->stop();
        for (auto const& loop : own_loops_) { // what was cancelled lets go of its connections
            loop->restart();
            loop->poll();
        }
        abandoned_ = true;
    }

    [[nodiscard]] asio::io_context& first_loop() noexcept { return workers_.front()->context(); }

private:
    struct open_listener {
        std::shared_ptr<gateway_worker> worker;
        std::shared_ptr<tcp_listener> listener;
    };

    template <class MakeStream>
    void add_connection(gateway_worker& worker, accepted_socket socket, asio::ip::tcp::endpoint const& peer,
                        MakeStream const& make_stream) {
        if (stopping) return; // it comes too late
        std::string address = normalise_ip(peer.address().to_string());
        bool const counted = options.max_connections_per_address != 0 && !is_within(address, options.trusted_proxies);
        auto permit = admission_.enter(counted ? std::string_view{address} : std::string_view{});
        if (!permit) {
            worker.counters().connections_refused.add(1); // there is no room even for a refusal
            note({.what = gateway_event::type::connection_refused, .source_ip = address, .text = "Too many refusals"});
            return;
        }
        using stream_type = decltype(make_stream(std::move(socket)));
        std::make_shared<client_connection<gateway_core, stream_type>>(
            this->shared_from_this(), worker, make_stream(std::move(socket)), std::move(address), std::move(permit))
            ->start();
    }

    void drain_worker(std::shared_ptr<gateway_worker> const& worker, std::chrono::milliseconds window,
                      std::chrono::milliseconds grace) {
        for (auto const& [owner, listener] : listeners_)
            if (owner == worker) listener->close();
        worker->drain(window, grace, [weak = this->weak_from_this(), worker] {
            if (auto const self = weak.lock()) self->on_drained(*worker);
        });
    }

    void on_drained(gateway_worker& worker) {
        std::vector<std::function<void()>> done;
        {
            std::lock_guard const lock{drained_mutex_};
            bool const again = std::find(drained_.begin(), drained_.end(), &worker) != drained_.end();
            if (again && when_drained_.empty()) return;
            if (!again) drained_.push_back(&worker); // there is room
            if (drained_.size() != workers_.size()) return;
            done.swap(when_drained_);
            (void)guarded([&] { // or it ends when it is due
                asio::post(workers_.front()->executor(), [alarm = alarm_] { alarm->stop(); });
            });
            busy_.clear();
        }
        note({.what = gateway_event::type::drained});
        for (auto const& f : done) (void)guarded(f);
    }

    void on_denied(auth_decision const& why, operation, std::string_view id) noexcept override {
        denied_[static_cast<std::size_t>(why.error)].fetch_add(1, std::memory_order_relaxed);
        note({.what = gateway_event::type::request_denied, .connection_id = id, .text = name_of(why.error)});
    }

    std::vector<std::unique_ptr<mounted_router>> routers_;
    std::size_t least_body_limit_ = options.max_request_body;
    admission admission_;
    std::vector<std::unique_ptr<asio::io_context>> own_loops_; // before what lives on them
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>>
        busy_; // no own loop ends before the last is drained: another may still ask it for a client that has just gone
    std::vector<std::shared_ptr<gateway_worker>> workers_;
    std::vector<open_listener> listeners_;
    std::shared_ptr<hub_alarm<hub_type>> alarm_;
    std::atomic<bool> abandoned_{false}; // an Auth that answers late keeps this, and the handler is not to hear of it
    response_stamp stamp_;
    std::array<std::atomic<std::uint64_t>, auth_errors> denied_{};
    std::mutex drained_mutex_;
    std::vector<gateway_worker*> drained_; // with room for all
    std::vector<std::function<void()>> when_drained_;
};

}

#endif
