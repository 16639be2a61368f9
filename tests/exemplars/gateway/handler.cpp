// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// A handler with one member, one with the asynchronous form of a member, and one with all.
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/gateway/gateway.hpp>

struct minimal_handler {
    void on_message(backchannel::gateway_client& client, backchannel::message const& m) { (void)client.send(m); }
};

struct patient_handler {
    void on_connect(backchannel::gateway_client&, backchannel::request_view const&,
                    backchannel::completion<backchannel::connect_answer> done) {
        done(backchannel::connect_answer::accept().with({{"plan", "free"}}));
    }
    bool on_request(backchannel::request_view const&, backchannel::completion<backchannel::response> done) {
        done(backchannel::response{204});
        return true;
    }
};

struct full_handler {
    backchannel::connect_answer on_connect(backchannel::gateway_client&, backchannel::request_view const&) {
        return backchannel::connect_answer::accept();
    }
    void on_open(backchannel::gateway_client&) {}
    void on_message(backchannel::gateway_client&, backchannel::message const&) {}
    void on_disconnect(std::string_view, std::uint16_t, std::string_view) {}
    std::optional<backchannel::response> on_request(backchannel::request_view const&) { return std::nullopt; }
    void on_event(backchannel::gateway_event const&) {}
};

static_assert(backchannel::check_handler<minimal_handler>() && backchannel::check_handler<patient_handler>() &&
              backchannel::check_handler<full_handler>());
static_assert(backchannel::has_on_message<minimal_handler> && !backchannel::has_on_connect<minimal_handler>);

template class backchannel::gateway<backchannel::allow_all, minimal_handler>;
