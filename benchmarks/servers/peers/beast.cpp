// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// beast PORT   the same service on Boost.Beast: one thread, no locks; it verifies nothing
//
// Tuned: executors of a concrete type, messages in one frame, and a buffer that holds a usual request, as Beast would
// read a large body in pieces of about 1.5 KB otherwise.

#include "../command_line.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using executor = net::io_context::executor_type;
using socket_type = net::basic_stream_socket<net::ip::tcp, executor>;
using stream_type = beast::basic_stream<net::ip::tcp, executor, beast::unlimited_rate_policy>;
using text = std::shared_ptr<std::string const>;

class client;
std::unordered_map<std::string, std::shared_ptr<client>> clients;

class client : public std::enable_shared_from_this<client> {
public:
    explicit client(stream_type stream) : stream_{std::move(stream)} {}

    void start(http::request<http::string_body> request) {
        stream_.set_option(beast::websocket::stream_base::timeout{std::chrono::seconds{30},
                                                                  beast::websocket::stream_base::none(), false});
        stream_.text(true);
        stream_.auto_fragment(false);
        auto const kept = std::make_shared<http::request<http::string_body>>(std::move(request));
        stream_.async_accept(*kept, [self = shared_from_this(), kept](beast::error_code error) {
            if (!error) self->opened();
        });
    }

    void send(text message) {
        waiting_.push_back(std::move(message));
        if (waiting_.size() == 1) write();
    }

    void close() {
        stream_.async_close(beast::websocket::close_code::normal, [self = shared_from_this()](beast::error_code) {});
    }

private:
    void opened() {
        static unsigned last = 0;
        char id[16];
        std::snprintf(id, sizeof id, "%08x", ++last);
        id_ = id;
        clients.emplace(id_, shared_from_this());
        send(std::make_shared<std::string const>(bench::greeting(id_)));
        read();
    }

    void read() {
        stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (error) {
                clients.erase(self->id_);
                return;
            }
            self->buffer_.clear();
            self->read();
        });
    }

    void write() {
        stream_.async_write(net::buffer(*waiting_.front()),
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                                if (error) return;
                                self->waiting_.pop_front();
                                if (!self->waiting_.empty()) self->write();
                            });
    }

    beast::websocket::stream<stream_type> stream_;
    beast::flat_buffer buffer_;
    std::string id_;
    std::deque<text> waiting_;
};

class caller : public std::enable_shared_from_this<caller> {
public:
    explicit caller(socket_type socket) : stream_{std::move(socket)} { buffer_.reserve(65536); }

    void read() {
        parser_.emplace();
        parser_->body_limit(1 << 20);
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->serve();
        });
    }

private:
    void serve() {
        auto& request = parser_->get();
        if (beast::websocket::is_upgrade(request)) {
            std::make_shared<client>(std::move(stream_))->start(parser_->release());
            return;
        }
        std::string_view const target{request.target().data(), request.target().size()};
        response_ = {http::status::ok, 11};
        if (target == "/broadcast") {
            auto const message = std::make_shared<std::string const>(std::move(request.body()));
            for (auto const& [id, to] : clients) to->send(message);
        } else if (auto const to = clients.find(std::string{target.substr(target.rfind('/') + 1)});
                   to == clients.end()) {
            response_.result(http::status::gone);
        } else if (request.method() == http::verb::post) {
            to->second->send(std::make_shared<std::string const>(std::move(request.body())));
        } else if (request.method() == http::verb::delete_) {
            to->second->close();
            response_.result(http::status::no_content);
        } else {
            response_.body() =
                R"({"connectedAt":"2026-01-01T00:00:00.000Z","lastActiveAt":"2026-01-01T00:00:00.000Z"})";
        }
        response_.prepare_payload();
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->read();
        });
    }

    stream_type stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
};

}

int main(int argc, char** argv) {
    bench::command_line const given{argc, argv};
    net::io_context io{1};
    net::basic_socket_acceptor<net::ip::tcp, executor> acceptor{io};
    net::ip::tcp::endpoint const where{net::ip::address_v4::loopback(), given.port()};
    acceptor.open(where.protocol());
    acceptor.set_option(net::socket_base::reuse_address{true});
    acceptor.bind(where);
    acceptor.listen(4096);
    std::function<void()> const accept = [&] {
        acceptor.async_accept([&](beast::error_code error, socket_type socket) {
            if (!error) {
                socket.set_option(net::ip::tcp::no_delay{true});
                std::make_shared<caller>(std::move(socket))->read();
            }
            accept();
        });
    };
    accept();
    bench::tell_port(acceptor.local_endpoint().port());
    io.run();
}
