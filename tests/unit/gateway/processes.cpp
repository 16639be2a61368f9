// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/transport.hpp>

#include "support/catch.hpp"
#include "support/gateway_fixture.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <memory>

namespace gateway_processes_tests {

using namespace test;

[[nodiscard]] std::ptrdiff_t open_files() {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

TEST_CASE("a gateway that runs has all its files, and clients that have gone leave none", "[transport]") {
    running_gateway<> g{{}, prod(), 3};
    CHECK(g.on_loop([] { return true; }));
    auto const before = open_files();
    for (int i = 0; i != 30; ++i) websocket_client{g.port};
    CHECK(soon([&] { return open_files() <= before; }));
    CHECK(open_files() == before);
}

/// The process itself and a child of it, each on its own port, with one gateway that was made before.
class forked_gateway {
public:
    forked_gateway() {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe(pipe.data()) == 0);
        io_.notify_fork(asio::io_context::fork_prepare);
        child_ = ::fork();
        REQUIRE(child_ >= 0);
        io_.notify_fork(child_ == 0 ? asio::io_context::fork_child : asio::io_context::fork_parent);
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ports[1] = open_port(server_);
            if (::write(pipe[1], &ports[1], sizeof ports[1]) == sizeof ports[1]) io_.run();
            ::_exit(1);
        }
        ports[0] = open_port(server_);
        thread_ = std::thread{[this] { io_.run(); }};
        CHECK(::read(pipe[0], &ports[1], sizeof ports[1]) == sizeof ports[1]);
        for (int const end : pipe) ::close(end);
    }

    ~forked_gateway() {
        ::kill(child_, SIGKILL);
        int status = 0;
        CHECK(::waitpid(child_, &status, 0) == child_);
        CHECK(WIFSIGNALED(status)); // it did not end before
        server_.stop();
        thread_.join();
    }

    std::array<unsigned short, 2> ports{};

private:
    asio::io_context io_{1};
    backchannel::gateway<backchannel::allow_all, scripted_handler> server_{io_, {}, {}, prod()};
    pid_t child_ = -1;
    std::thread thread_;
};

TEST_CASE("a gateway that was made before a fork serves in both processes", "[transport]") {
    forked_gateway g;
    std::vector<std::unique_ptr<websocket_client>> clients;
    for (int i = 0; i != 4; ++i)
        for (unsigned short const port : g.ports) clients.push_back(std::make_unique<websocket_client>(port));
    for (int round = 0; round != 20; ++round) {
        for (auto const& client : clients) client->send_text(client->id);
        for (auto const& client : clients) CHECK(client->read_text() == client->id);
    }
}

}
