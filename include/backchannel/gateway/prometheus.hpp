// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_PROMETHEUS_HPP
#define BACKCHANNEL_GATEWAY_PROMETHEUS_HPP

#include <backchannel/gateway/metrics.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What `Content-Type` the text below has.
inline constexpr std::string_view prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

namespace detail_prometheus {

class writer {
public:
    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        begin(name, help, "gauge");
        line({}, value);
    }
    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        begin(name, help, "counter");
        line({}, value);
    }

    /// A counter whose lines follow, one for each value of its labels.
    void begin(std::string_view name, std::string_view help, std::string_view type) {
        name_ = name;
        text_.append("# HELP backchannel_").append(name).append(" ").append(help).append("\n# TYPE backchannel_");
        text_.append(name).append(" ").append(type).append("\n");
    }
    void line(std::string_view labels, std::uint64_t value) {
        text_.append("backchannel_").append(name_);
        if (!labels.empty()) text_.append("{").append(labels).append("}");
        text_.append(" ").append(digits(value)).append("\n");
    }

    [[nodiscard]] static std::string digits(std::uint64_t value) {
        std::array<char, 20> out{};
        return {out.data(), std::to_chars(out.data(), out.data() + out.size(), value).ptr};
    }
    /// A phrase as one word.
    [[nodiscard]] static std::string slug(std::string_view phrase) {
        std::string word;
        for (char const c : phrase) {
            bool const upper = c >= 'A' && c <= 'Z', other = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            word += upper ? static_cast<char>(c - 'A' + 'a') : other ? c : '_';
        }
        return word;
    }
    [[nodiscard]] static std::string label(std::string_view name, std::string_view value) {
        return std::string{name}.append("=\"").append(value).append("\"");
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::string_view name_;
};

inline void write_connections(writer& w, gateway_metrics const& m) {
    w.gauge("connections_open", "TCP connections.", m.connections_open);
    w.gauge("handshakes_pending", "Connections that have not sent their first request.", m.handshakes_pending);
    w.gauge("websockets_open", "WebSockets, those that are closing included.", m.websockets_open);
    w.gauge("queue_bytes", "Bytes that wait to be sent, in all queues.", m.queue_bytes);
    w.counter("connections_accepted_total", "TCP connections that were let in.", m.connections_accepted);
    w.counter("connections_refused_total", "TCP connections beyond a limit.", m.connections_refused);
    w.counter("accept_errors_total", "Failures to accept a connection.", m.accept_errors);
    w.counter("handshake_errors_total", "TLS handshakes that failed.", m.handshake_errors);
    w.counter("received_bytes_total", "Bytes of HTTP and WebSocket from clients.", m.bytes_received);
    w.counter("sent_bytes_total", "Bytes of HTTP and WebSocket to clients.", m.bytes_sent);
    w.counter("peers_stalled_total", "Connections dropped as they took nothing.", m.peers_stalled);
    w.counter("peers_vanished_total", "Connections dropped as no ping was answered.", m.peers_vanished);
}

inline void write_http(writer& w, gateway_metrics const& m) {
    w.begin("responses_total", "Answers by the first digit of their status.", "counter");
    for (std::size_t i = 1; i != m.responses.size(); ++i)
        w.line(writer::label("class", writer::digits(i) + "xx"), m.responses[i]);
    w.counter("request_timeouts_total", "Requests that did not arrive in time.", m.request_timeouts);
    w.begin("requests_rejected_total", "Requests that broke HTTP or a limit.", "counter");
    for (std::size_t i = 1; i != m.requests_rejected.size(); ++i)
        w.line(writer::label("reason", writer::slug(http1::describe(static_cast<http1::parse_error>(i)))),
               m.requests_rejected[i]);
    w.begin("requests_denied_total", "Management requests that were not authorized.", "counter");
    for (std::size_t i = 1; i != m.requests_denied.size(); ++i)
        w.line(writer::label("reason", name_of(static_cast<auth_error>(i))), m.requests_denied[i]);
    w.begin("management_responses_total", "Answers of the management API.", "counter");
    constexpr std::array<std::string_view, 4> operations{"post", "get", "delete", "other"};
    for (std::size_t op = 0; op != operations.size(); ++op) {
        for (std::size_t i = 0; i != management_statuses.size(); ++i) {
            auto const status = static_cast<std::uint64_t>(management_statuses[i]);
            if (m.management[op][i] == 0) continue; // most combinations never occur
            w.line(writer::label("operation", operations[op]) + "," +
                       writer::label("status", status == 0 ? "other" : writer::digits(status)),
                   m.management[op][i]);
        }
    }
}

inline void write_websockets(writer& w, gateway_metrics const& m) {
    w.counter("websockets_opened_total", "WebSockets that were opened.", m.websockets_opened);
    w.counter("websockets_refused_total", "WebSocket handshakes that were refused.", m.websockets_refused);
    w.begin("websockets_closed_total", "WebSockets that have ended, by close code.", "counter");
    for (std::size_t i = 0; i != m.websockets_closed.size(); ++i)
        w.line(writer::label("code", i < 16    ? writer::digits(1000 + i)
                                     : i == 16 ? "3xxx"
                                     : i == 17 ? "4xxx"
                                               : "other"),
               m.websockets_closed[i]);
    w.counter("messages_received_total", "Messages from WebSocket clients.", m.messages_received);
    w.counter("messages_sent_total", "Messages queued for WebSocket clients.", m.messages_sent);
    w.counter("pings_sent_total", "Pings to WebSocket clients.", m.pings_sent);
}

inline void write_hub(writer& w, hub_metrics const& m) {
    w.gauge("hub_open", "Connections that can be found by their id.", m.open);
    w.counter("hub_opened_total", "Connections that have been opened.", m.opened);
    w.counter("hub_closed_total", "Ids that have been retired.", m.closed);
    w.begin("hub_sends_total", "Messages sent by id.", "counter");
    w.line(writer::label("result", "accepted"), m.accepted);
    w.line(writer::label("result", "backpressure"), m.backpressure);
    w.line(writer::label("result", "gone"), m.gone);
    w.line(writer::label("result", "unavailable"), m.unavailable);
    w.counter("hub_accepted_bytes_total", "Bytes of the messages that were accepted.", m.accepted_bytes);
}

}

/// The metrics in the text format of Prometheus, version 0.0.4.
[[nodiscard]] inline std::string prometheus_text(gateway_metrics const& metrics) {
    detail_prometheus::writer w;
    detail_prometheus::write_connections(w, metrics);
    detail_prometheus::write_http(w, metrics);
    detail_prometheus::write_websockets(w, metrics);
    detail_prometheus::write_hub(w, metrics.hub);
    return w.take();
}

}

#endif
