// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_CALLER_HPP
#define BACKCHANNEL_TESTS_SIMULATION_CALLER_HPP

#include "simulation/server.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace simulation {

/// A backend that manages connections: signed requests on one connection, one behind the other, and a close look at
/// each answer.
class caller {
public:
    caller(stage& s, server& to, faults_made& made, wire::settings net, std::size_t requests);
    caller(caller const&) = delete;
    caller& operator=(caller const&) = delete;

    void start();

    /// Every request has had its time.
    void check_end();
    /// Nothing is left to be sent or read.
    void leave() { dialogue_->on_change(side::client, nullptr); }

private:
    void ask();
    void on_change();
    void flush();
    bool read_answer();
    void check(exchange const& e, int status, std::string_view head, std::string_view body);
    [[nodiscard]] std::string request(exchange& e);
    [[nodiscard]] std::string some_id();
    void misbehave();

    stage& on_;
    server& server_;
    faults_made& made_;
    std::shared_ptr<dialogue> dialogue_;
    std::size_t left_, answers_ = 0;
    std::string out_, in_;
    bool over_ = false;        // no further request is sent
    bool gone_ = false;        // this end has left
    bool shuts_ = false;       // when all has been written
    bool last_answer_ = false; // the server has said that it closes the connection
};

}

#endif
