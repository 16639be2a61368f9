// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/listener.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

namespace gateway_listener_tests {

using namespace test;
using backchannel::tcp_listener;

namespace {

asio::ip::tcp::endpoint const anywhere{asio::ip::address_v4::loopback(), 0};

/// A listener on a loop of its own, somewhere.
struct open_listener {
    asio::io_context io;
    std::shared_ptr<tcp_listener> listener = std::make_shared<tcp_listener>(io);
    unsigned short port = 0;

    open_listener() {
        std::error_code error;
        port = listener->open(anywhere, false, error).port();
        REQUIRE_FALSE(error);
    }
};

auto const ignore = [](std::error_code const&) {};

double cpu_seconds() {
    ::timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// In a process of its own, as it takes all file descriptors. 0: all is well.
int run_out_of_files() {
    std::atomic<std::uint64_t> failures{0};
    scripted_handler handler;
    handler.event = [&](gateway_event const& e) {
        if (e.what == gateway_event::type::accept_failed && !e.text.empty()) ++failures;
    };
    running_gateway<> g{handler};
    websocket_client open{g.port};
    std::vector<std::unique_ptr<test_client>> waiting;
    for (int i = 0; i != 4; ++i) waiting.push_back(std::make_unique<test_client>(g.port));
    for (auto const& client : waiting)
        if (client->ask(get("/")).status != 200) return 1;

    test_client late{g.port}; // its own file is there before there are no more
    if (late.ask(get("/")).status != 200) return 2;
    std::vector<int> taken;
    ::rlimit limit{64, 64};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 3;
    int next_socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (next_socket < 0) return 4;
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken.push_back(fd);

    // the connection reaches the kernel's queue and cannot be accepted
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(g.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(next_socket, reinterpret_cast<::sockaddr const*>(&address), sizeof address) != 0) return 5;
    std::string const request = get("/refused-for-now");
    if (::send(next_socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) return 6;
    double const before = cpu_seconds();
    std::this_thread::sleep_for(400ms);
    if (cpu_seconds() - before > 0.2) return 7; // it spins
    open.send_text("still there");
    if (open.read_text() != "still there") return 8;

    for (int const fd : taken) ::close(fd);
    ::pollfd p{next_socket, POLLIN, 0};
    if (::poll(&p, 1, 10000) != 1) return 9; // it was not accepted after all
    char answer[16] = {};
    if (::recv(next_socket, answer, 15, 0) <= 0 || std::string_view{answer}.substr(0, 12) != "HTTP/1.1 200") return 10;
    ::close(next_socket);
    if (failures == 0 || failures > 10 || failures != g.server.metrics().accept_errors) return 11;
    return 0;
}

}

TEST_CASE("a gateway that is out of files goes on with what is open, and accepts again", "[listener]") {
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(run_out_of_files());
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a listener tells where it is, and why it is nowhere", "[listener]") {
    asio::io_context io;
    auto const first = std::make_shared<tcp_listener>(io), second = std::make_shared<tcp_listener>(io);
    std::error_code error = asio::error::eof;
    auto const where = first->open(anywhere, false, error);
    CHECK_FALSE(error);
    CHECK(where.port() != 0);
    (void)second->open(where, false, error);
    CHECK(error == asio::error::address_in_use);
}

TEST_CASE("shared listeners take the same port", "[listener]") {
    asio::io_context io;
    auto const first = std::make_shared<tcp_listener>(io), second = std::make_shared<tcp_listener>(io);
    std::error_code error;
    auto const where = first->open(anywhere, true, error);
    CHECK(second->open(where, true, error) == where);
    CHECK_FALSE(error);
}

TEST_CASE("a closed listener lets its loop end, and accepts nothing any more", "[listener]") {
    open_listener l;
    int accepted = 0;
    l.listener->accept(
        [&](backchannel::loop_socket, auto const&) {
            if (++accepted == 2) l.listener->close();
        },
        ignore);
    test_client const one{l.port}, two{l.port}, three{l.port};
    l.io.run();
    CHECK(accepted == 2);
    CHECK_THROWS(test_client{l.port});
}

TEST_CASE("an accepted connection waits for nothing, neither to send nor to hold back, and stays in this program",
          "[listener]") {
    for (auto const& loopback :
         {asio::ip::address{asio::ip::address_v4::loopback()}, asio::ip::address{asio::ip::address_v6::loopback()}}) {
        asio::io_context io;
        auto const listener = std::make_shared<tcp_listener>(io);
        std::error_code error;
        auto const where = listener->open({loopback, 0}, false, error);
        if (error && loopback.is_v6()) continue; // a machine without IPv6
        REQUIRE_FALSE(error);
        asio::ip::tcp::socket client{io};
        client.connect(where);
        bool accepted = false;
        listener->accept(
            [&](backchannel::loop_socket socket, asio::ip::tcp::endpoint const& peer) {
                accepted = true;
                CHECK(peer == client.local_endpoint());
                int const fd = socket.native_handle();
                auto const option = [fd](int name) {
                    int value = 0;
                    ::socklen_t size = sizeof value;
                    CHECK(::getsockopt(fd, IPPROTO_TCP, name, &value, &size) == 0);
                    return value;
                };
                CHECK(option(TCP_NODELAY) != 0);
#if defined(TCP_NOTSENT_LOWAT)
                CHECK(option(TCP_NOTSENT_LOWAT) == 128 * 1024);
#endif
                CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
                CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
                listener->close();
            },
            ignore);
        (void)io.run_for(10s);
        CHECK(accepted);
    }
}

TEST_CASE("whoever throws when given a connection loses that one, and the next is accepted at once", "[listener]") {
    bool at_once = false; // 100 ms before the end of a pause; the machine may be busy
    for (int attempt = 0; attempt != 5 && !at_once; ++attempt) {
        open_listener l;
        int accepted = 0, told = 0;
        l.listener->accept(
            [&](backchannel::loop_socket, auto const&) {
                if (++accepted == 2) l.listener->close();
                throw std::bad_alloc{};
            },
            [&](std::error_code const& why) {
                told += why == std::errc::not_enough_memory ? 1 : 0;
                throw std::bad_alloc{}; // there is no memory to tell of it either
            });
        test_client one{l.port}, two{l.port};
        auto const begin = std::chrono::steady_clock::now();
        l.io.run();
        at_once = std::chrono::steady_clock::now() - begin < 100ms;
        CHECK(accepted == 2);
        CHECK(told == 2);
        CHECK(one.ended());
    }
    CHECK(at_once);
}

}
