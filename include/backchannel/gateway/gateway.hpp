// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_GATEWAY_HPP
#define BACKCHANNEL_GATEWAY_GATEWAY_HPP

#include <backchannel/backchannel.hpp>
#include <backchannel/gateway/gateway_core.hpp>
#include <backchannel/gateway/gateway_options.hpp>
#include <backchannel/gateway/handler.hpp>
#include <backchannel/gateway/plain_stream.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A server of its own: WebSockets, the management API and the application's own routes on one port.
///
///     asio::io_context io;
///     backchannel::gateway server{io, backchannel::sigv4{keys}, my_handler{}, {.router = {.stage = "prod"}}};
///     std::error_code error;
///     server.listen({asio::ip::make_address("127.0.0.1"), 8080}, error);
///     io.run();
///
/// WebSocket clients connect to `/{stage}`, callers use `/{stage}/@connections/{id}`, or what another `Dialect` has;
/// another stage is answered with 403, every other path goes to the handler's `on_request`. A management request is
/// answered when the loop that owns the client has answered.
///
/// Thread safety: `drain`, `stop`, `draining`, `metrics`, `context`, `hub`, `router`, `handler`, and what `hub` and (if
/// Auth may be called so) `router` give, from any thread; everything else before the loops run, or on the loop's thread
/// if there is one only. Handlers do not run the loop. Behind a fork only one of the two processes touches a gateway
/// that has had a connection, even to end it.
template <class Auth, class Handler = no_handler, class Dialect = aws_dialect>
class gateway {
    static_assert(check_authorizer<Auth>());
    static_assert(check_handler<Handler>());

    using core_type = gateway_core<Handler>;

public:
    using hub_type = typename core_type::hub_type;
    using router_type = typename mounted_router_of<Auth, Dialect>::router_type;

    /// On the user's loop. Precondition: one thread runs it, and it outlives the gateway. Throws std::system_error if
    /// the system has no file left.
    gateway(asio::io_context& io, Auth auth, Handler handler = {}, gateway_options options = {})
        : gateway{std::move(auth), std::move(handler), std::move(options)} {
        core_->add_worker(io);
    }

    /// On `threads` loops of its own, which `run` runs. Throws as the other.
    gateway(std::size_t threads, Auth auth, Handler handler = {}, gateway_options options = {})
        : gateway{std::move(auth), std::move(handler), std::move(options)} {
        core_->add_own_workers(threads == 0 ? 1 : threads);
    }

    gateway(gateway const&) = delete;
    gateway& operator=(gateway const&) = delete;

    /// Drops every connection. Precondition: the loops do not run, or there is one only, it is the user's, and this is
    /// called on its thread.
    ~gateway() { core_->abandon(); }

    /// Serves one more API with callers of its own: `server.serve<yandex_dialect>(bearer{token})`. The routers are
    /// asked in the order in which they were added. Its `stage` and the like are those of the gateway's options unless
    /// others are given. Before the loops run. Returns the router, which stays as long as the gateway; see `router`.
    template <class OtherDialect, class OtherAuth>
    auto& serve(OtherAuth auth) {
        return serve<OtherDialect>(std::move(auth), core_->options.router);
    }
    template <class OtherDialect, class OtherAuth>
    auto& serve(OtherAuth auth, router_options const& options) {
        static_assert(check_authorizer<OtherAuth>());
        return core_->template mount<OtherDialect>(std::move(auth), options);
    }

    /// Accepts connections there; port 0 picks a free one. Returns where it is. May be called several times.
    ///
    /// With several loops, each has a socket of its own on the port and the kernel spreads the connections.
    asio::ip::tcp::endpoint listen(asio::ip::tcp::endpoint const& where, std::error_code& error) {
        return core_->listen(
            where, [](accepted_socket s) { return plain_stream{std::move(s)}; }, error);
    }

    /// The same over TLS: `tls` is a `tls_context` of `gateway/tls.hpp`, and is kept. A gateway may listen with and
    /// without TLS.
    template <class Tls>
    asio::ip::tcp::endpoint listen(asio::ip::tcp::endpoint const& where, std::shared_ptr<Tls> tls,
                                   std::error_code& error) {
        return core_->listen(
            where, [tls = std::move(tls)](asio::ip::tcp::socket s) { return tls->make_stream(std::move(s)); }, error);
    }

    /// Runs the gateway's own loops, one on the calling thread, until `stop` has been called. Does nothing if the loop
    /// is the user's.
    void run() { core_->run(); }

    /// Ends in an orderly way: accepts nothing more, finishes what is being answered, refuses new WebSockets with 503,
    /// and closes those that are open with 1001, spread over the first half of `deadline`. Behind what waits in its
    /// queue each client gets the close frame; whoever is still there at the deadline is dropped. `done` is called on
    /// one of the loops when the last connection has gone; then `run` returns.
    ///
    /// Called again, it starts anew with the connections that are left. Any thread.
    void drain(std::chrono::milliseconds deadline, std::function<void()> done = {}) {
        core_->drain(deadline / 2, deadline, std::move(done));
    }

    /// The same at once: all WebSockets are asked to close, and have twice the time `linger_timeout` for it.
    void stop() { core_->drain({}, 2 * std::min(core_->options.linger_timeout, beyond_all_deadlines), {}); }

    /// Whether `drain` or `stop` was called.
    [[nodiscard]] bool draining() const noexcept { return core_->stopping; }

    /// What has happened so far. Any thread.
    [[nodiscard]] gateway_metrics metrics() const noexcept { return core_->metrics(); }

    /// The (first) loop, e.g. for signals and timers of the application's.
    [[nodiscard]] asio::io_context& context() noexcept { return core_->first_loop(); }

    [[nodiscard]] hub_type& hub() noexcept { return core_->hub; }
    /// What it is given by hand must be answered before the gateway goes.
    [[nodiscard]] router_type& router() noexcept { return router_; }
    [[nodiscard]] Handler& handler() noexcept { return core_->handler; }

private:
    gateway(Auth auth, Handler handler, gateway_options options)
        : core_{std::make_shared<core_type>(std::move(handler), std::move(options))},
          router_{core_->template mount<Dialect>(std::move(auth), core_->options.router)} {}

    std::shared_ptr<core_type> core_;
    router_type& router_; // the core's
};

}

#endif
