// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_HTTP_SIDE_HPP
#define BACKCHANNEL_TESTS_SIMULATION_HTTP_SIDE_HPP

#include "simulation/server.hpp"

#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_request.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace simulation {

/// HTTP/1.1 on a connection: several requests may be under way, their answers leave in order.
class http_side {
public:
    explicit http_side(server_socket& s) : socket_{s} {}

    /// Takes what it can off the front.
    void on_bytes(std::string& inbox);

    void answered(std::size_t request, backchannel::response r);

    /// Whether it reads on only when something was answered.
    [[nodiscard]] bool waits() const noexcept { return places_.size() == most_under_way; }

    /// The client has said all; what it has asked is still answered.
    void on_end();

private:
    static constexpr std::size_t most_under_way = 6;

    struct place {
        std::optional<backchannel::response> answer;
        bool keep = true;
    };

    bool read_head(std::string& inbox);
    bool read_body(std::string& inbox);
    void dispatch(backchannel::request_view const& r);
    void refuse(int status);
    void upgrade(backchannel::http1::request_head const& head);
    [[nodiscard]] std::size_t open_place(bool keep);
    [[nodiscard]] answer_callback answer_to(std::size_t request);
    void flush();

    server_socket& socket_;
    backchannel::http1::request_parser parser_;
    backchannel::http1::request_head head_;
    std::optional<backchannel::http1::body_reader> body_;
    std::unique_ptr<arriving_request> arriving_;
    std::string collected_, kept_head_; // of a request that is handled as a whole
    std::size_t request_ = 0;           // the one whose body is arriving
    std::deque<place> places_;
    std::size_t first_ = 0; // number of places_.front()
    bool over_ = false;     // no further request is read
    bool ended_ = false;
};

}

#endif
