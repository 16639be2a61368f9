// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Boost.Beast: WebSockets and HTTP on one port, on two threads, with a strand for each connection.

#include "common.hpp"
#include "key_store.hpp"
#include "linger.hpp"

#include <backchannel/adapters/beast.hpp>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <thread>

namespace adapter = backchannel::adapters::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
namespace net = boost::asio;
using boost::beast::error_code;
using enum backchannel::message_kind;
using websocket_stream = websocket::stream<boost::beast::tcp_stream>;
using demo = service<adapter::transport, key_store>;

struct websocket_session : std::enable_shared_from_this<websocket_session> {
    websocket_session(demo& s, boost::beast::tcp_stream stream) : service_{s}, stream_{std::move(stream)} {}

    void start(http::request<http::string_body> const& r, std::string source_ip) {
        stream_.next_layer().expires_never();
        stream_.set_option(websocket::stream_base::timeout::suggested(boost::beast::role_type::server));
        stream_.control_callback([this](websocket::frame_type kind, boost::beast::string_view reason) {
            if (kind == websocket::frame_type::close) tracked_.closed(stream_.reason().code, adapter::view_of(reason));
        });
        backchannel::connection_info info{std::move(source_ip), std::string{r[http::field::user_agent]}};
        stream_.async_accept(r, [self = shared_from_this(), info = std::move(info)](error_code error) {
            if (error) return;
            self->tracked_ = self->service_.hub.open(adapter::handle_of(self, self->writer_), info);
            if (!self->tracked_) return; // the hub is full
            (void)self->service_.hub.send(self->tracked_.id(), {greeting(self->tracked_.id()), text});
            self->read();
        });
    }

    void read() {
        stream_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
            if (error) return self->tracked_.closed();
            self->tracked_.touch();
            std::string_view const bytes{static_cast<char const*>(self->buffer_.cdata().data()), self->buffer_.size()};
            (void)self->service_.hub.send(self->tracked_.id(), {bytes, self->stream_.got_text() ? text : binary});
            self->buffer_.clear();
            self->read();
        });
    }

    demo& service_;
    websocket_stream stream_;
    adapter::writer<websocket_stream> writer_{stream_};
    boost::beast::flat_buffer buffer_;
    backchannel::session tracked_;
};

struct http_session : std::enable_shared_from_this<http_session> {
    http_session(demo& s, net::ip::tcp::socket socket) : service_{s}, stream_{std::move(socket)} {}

    void read() {
        parser_.emplace();
        stream_.expires_after(std::chrono::seconds{30});
        http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
            if (error) return self->answer(error);
            if (!self->parser_->limit_body(self->service_.router)) return self->answer(http::error::body_limit);
            adapter::send_continue(self->parser_->get(), self->stream_.socket());
            http::async_read(self->stream_, self->buffer_, *self->parser_,
                             [self](error_code failed, std::size_t) { self->answer(failed); });
        });
    }

    void answer(error_code error) {
        auto const& r = parser_->get();
        auto const write = [self = shared_from_this()](auto response) { self->write(std::move(response)); };
        if (error == http::error::body_limit && adapter::serve_too_large(service_.router, r.base(), write)) return;
        if (error) return;
        std::string const ip = stream_.socket().remote_endpoint(error).address().to_string();
        if (adapter::serve(service_.router, r, ip, shared_from_this(), stream_, write)) return;
        if (!websocket::is_upgrade(r)) return write(adapter::to_beast(backchannel::response{404}, 11, false));
        std::make_shared<websocket_session>(service_, std::move(stream_))->start(r, ip);
    }

    void write(http::response<http::string_body> r) {
        response_ = std::move(r);
        http::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t) {
            if (!error) self->response_.keep_alive() ? self->read() : close_slowly(self, self->stream_, self->buffer_);
        });
    }

    demo& service_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    boost::optional<adapter::request_parser<>> parser_;
    http::response<http::string_body> response_;
};

int main(int argc, char** argv) {
    demo s{key_store{}};
    net::io_context io{2}; // ends before the service
    net::steady_timer timer{io};
    net::ip::tcp::acceptor acceptor{io, {net::ip::address_v4::loopback(), port_argument(argc, argv)}};
    std::function<void()> const accept = [&] {
        acceptor.async_accept(net::make_strand(io), [&](error_code error, net::ip::tcp::socket socket) {
            if (!error) std::make_shared<http_session>(s, std::move(socket))->read();
            accept();
        });
    };
    net::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](error_code, int) { io.stop(); });
    expire_each_second(timer, s.hub);
    accept();
    tell_port(acceptor.local_endpoint().port());
    std::jthread other{[&] { io.run(); }};
    io.run();
}
