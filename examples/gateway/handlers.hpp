// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_GATEWAY_HANDLERS_HPP
#define BACKCHANNEL_EXAMPLES_GATEWAY_HANDLERS_HPP

#include <backchannel/gateway/gateway.hpp>
#include <backchannel/gateway/prometheus.hpp>
#include <backchannel/protocol/json_writer.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// 200 as long as new clients are welcome, for load balancers.
inline backchannel::response readiness(bool draining) {
    return draining ? backchannel::response{503, "text/plain", "draining\n"}
                    : backchannel::response{200, "text/plain", "ready\n"};
}

inline backchannel::response only_get() {
    backchannel::response wrong{405};
    wrong.headers.add("Allow", "GET");
    return wrong;
}

/// The gateway's own handler: greets, echoes and logs, if asked to.
struct default_handler {
    bool greet = false, echo = false, log = false;
    std::function<bool()> draining{};

    void on_open(backchannel::gateway_client& client) {
        if (!greet) return;
        std::string const text = "{\"connectionId\":\"" + std::string{client.id()} + "\"}";
        (void)client.send({text, backchannel::message_kind::text});
    }

    void on_message(backchannel::gateway_client& client, backchannel::message const& m) {
        if (echo && client.send(m) != backchannel::delivery::accepted) client.close(1013, "Queue limit");
    }

    std::optional<backchannel::response> on_request(backchannel::request_view const& request) {
        using backchannel::response;
        if (request.target == "/healthz") return request.method == "GET" ? readiness(draining()) : only_get();
        if (!echo || request.target != "/echo/http") return std::nullopt;
        if (request.method == "GET") return response{200, "text/plain", "echo\n"};
        if (request.method == "POST") return response{200, "application/octet-stream", std::string{request.body}};
        response wrong{405};
        wrong.headers.add("Allow", "GET, POST");
        return wrong;
    }

    /// One line of JSON on stderr for each event.
    void on_event(backchannel::gateway_event const& e) {
        if (!log) return;
        std::string line;
        backchannel::protocol::json_writer json{line};
        auto const now = backchannel::protocol::format_iso8601(backchannel::system_clocks{}.wall());
        json.begin_object().member("time", now.view()).member("event", backchannel::name_of(e.what));
        if (e.status != 0) json.member("status", e.status);
        if (!e.source_ip.empty()) json.member("sourceIp", e.source_ip);
        if (!e.connection_id.empty()) json.member("connectionId", e.connection_id);
        if (!e.method.empty()) json.member("method", e.method).member("path", e.path);
        if (!e.text.empty()) json.member("text", e.text);
        json.end_object();
        line += '\n';
        (void)std::fwrite(line.data(), 1, line.size(), stderr); // one call: lines of several threads stay whole
    }
};

/// --metrics-listen: a second, small gateway on the same loop that only answers GET.
struct metrics_handler {
    std::function<backchannel::gateway_metrics()> metrics;
    std::function<bool()> draining;

    backchannel::connect_answer on_connect(backchannel::gateway_client&, backchannel::request_view const&) {
        return backchannel::connect_answer::refuse(404);
    }

    std::optional<backchannel::response> on_request(backchannel::request_view const& request) {
        bool const shows_metrics = request.target == "/metrics";
        if (!shows_metrics && request.target != "/healthz") return std::nullopt;
        if (request.method != "GET") return only_get();
        if (!shows_metrics) return readiness(draining());
        return backchannel::response{200, backchannel::prometheus_content_type,
                                     backchannel::prometheus_text(metrics())};
    }
};

/// There is nobody to manage there.
struct nobody {
    backchannel::auth_decision authorize(backchannel::request_view const&, backchannel::operation,
                                         std::string_view) const {
        return backchannel::auth_decision::refuse(backchannel::auth_error::not_permitted);
    }
};

#endif
