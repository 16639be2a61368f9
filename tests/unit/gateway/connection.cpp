// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/connection.hpp>

#include "support/catch.hpp"

#include <asio/io_context.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace gateway_connection_tests {

using backchannel::gateway_worker;

namespace {

struct goodbye {
    std::string& log;
    std::string what;
    ~goodbye() { log += what; }
};

/// Nothing comes, and nothing goes.
struct silent_stream {
    static constexpr bool secure = false;
    std::unique_ptr<goodbye> last;

    bool established() const { return true; }
    bool has_more() const { return false; }
    bool read_wants_write() const { return false; }
    std::size_t read_some(std::span<char>, std::error_code& error) const {
        error = asio::error::would_block;
        return 0;
    }
    std::size_t write_some(std::span<std::string_view const>, std::error_code& error) const {
        error = asio::error::would_block;
        return 0;
    }
    void end_sending(std::error_code&) const {}
    void wait_readable(std::function<void(std::error_code const&)>) const {}
    void wait_writable(std::function<void(std::error_code const&)>) const {}
    void close() noexcept {}
};

struct loop_owner {
    explicit loop_owner(std::string& log) : last{log, "owner "} {}
    ~loop_owner() { worker->abandon(); }

    backchannel::connection_deadlines deadlines{};
    goodbye last;
    asio::io_context io{1};
    std::shared_ptr<gateway_worker> worker = std::make_shared<gateway_worker>(io);
};

struct connection final : backchannel::gateway_connection<loop_owner, silent_stream> {
    using gateway_connection::gateway_connection;
    void on_established() override {}
    void on_bytes(std::span<char>&) override {}
    void on_end() override {}
    void on_time_up() override {}
    void on_stop() override {}
};

}

TEST_CASE("a connection lets go of its owner last, as its stream is on the owner's loop", "[connection]") {
    std::string log;
    auto owner = std::make_shared<loop_owner>(log);
    silent_stream stream{std::unique_ptr<goodbye>{new goodbye{log, "stream "}}};
    auto c = std::make_shared<connection>(owner, *owner->worker, std::move(stream));
    owner.reset();
    CHECK(log.empty());
    c.reset();
    CHECK(log == "stream owner ");
}

}
