// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_WEBSOCKET_CASE_RUNNER_HPP
#define BACKCHANNEL_TESTS_SUPPORT_WEBSOCKET_CASE_RUNNER_HPP

#include "support/gateway_fixture.hpp"
#include "support/websocket_case.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// What the handler was told about each client.
class case_log {
public:
    using message_list = std::vector<std::pair<int, std::string>>; ///< opcode and payload

    void message_of(std::string_view id, int opcode, std::string_view data) {
        std::lock_guard const lock{mutex_};
        clients_[std::string{id}].messages.emplace_back(opcode, data);
    }
    void end_of(std::string_view id, int code) {
        std::lock_guard const lock{mutex_};
        clients_[std::string{id}].codes.push_back(code);
    }
    [[nodiscard]] message_list messages(std::string const& id) {
        std::lock_guard const lock{mutex_};
        return clients_[id].messages;
    }
    [[nodiscard]] std::vector<int> codes(std::string const& id) {
        std::lock_guard const lock{mutex_};
        return clients_[id].codes;
    }
    void forget(std::string const& id) {
        std::lock_guard const lock{mutex_};
        clients_.erase(id);
    }

private:
    struct client {
        message_list messages;
        std::vector<int> codes;
    };

    std::mutex mutex_;
    std::map<std::string, client> clients_;
};

/// Echoes, but a text "@close CODE REASON" closes, and "@throw" throws.
[[nodiscard]] inline scripted_handler case_handler(std::shared_ptr<case_log> const& log) {
    scripted_handler handler;
    handler.receive = [log](gateway_client& c, message const& m) {
        std::string const text{m.data()};
        log->message_of(c.id(), m.kind() == message_kind::text ? 1 : 2, text);
        if (text == "@throw") throw std::runtime_error{"as asked"};
        if (text.starts_with("@close "))
            c.close(static_cast<std::uint16_t>(std::stoi(text.substr(7))), std::string_view{text}.substr(12));
        else if (c.send(m) != delivery::accepted)
            log->message_of(c.id(), -1, "not sent");
    };
    handler.disconnect = [log](std::string_view id, int code, std::string_view) { log->end_of(id, code); };
    handler.request = [](request_view const& r) -> std::optional<response> {
        if (r.target != "/alive") return std::nullopt;
        return response{200, "text/plain", "yes"};
    };
    return handler;
}

/// Runs cases against gateways on loopback, one for each set of options.
class websocket_case_runner {
public:
    /// What is wrong; empty: nothing. `bytewise`: the bytes come one at a time (of large frames, those at the ends).
    [[nodiscard]] std::string run(websocket_case const& c, bool bytewise) {
        try {
            gateway_type& g = gateway_for(c.options);
            bytewise_ = bytewise;
            chop_ = c.chop;
            if (c.request.empty())
                run_frames(g, c);
            else
                run_handshake(g, c);
            return {};
        } catch (std::exception const& e) {
            return e.what();
        }
    }

private:
    using gateway_type = running_gateway<>;

    static constexpr std::size_t edge = 40;           // bytes of a large frame that are sent one by one, at either end
    static constexpr std::size_t watched_bytes = 400; // so many single bytes wait until the server has seen them

    static void expect(bool true_, std::string const& what) {
        if (!true_) throw std::runtime_error{what};
    }
    [[nodiscard]] static std::string shown(std::string_view bytes) {
        std::string out;
        for (char const c : bytes.substr(0, 40)) {
            static constexpr char digits[] = "0123456789abcdef";
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[c & 0x0F];
        }
        return out + " (" + std::to_string(bytes.size()) + " bytes)";
    }
    [[nodiscard]] static std::string shown(websocket_frame const& f) {
        return "opcode " + std::to_string(f.opcode) + (f.fin ? ", " : ", no fin, ") + shown(f.payload);
    }

    [[nodiscard]] gateway_type& gateway_for(case_options const& o) {
        auto& g = gateways_[o];
        if (g == nullptr) {
            gateway_options options = prod();
            options.frames.frame = o.frame.value_or(options.frames.frame);
            options.frames.message = o.message.value_or(options.frames.message);
            options.frames.fragments = static_cast<std::uint32_t>(o.fragments.value_or(options.frames.fragments));
            options.control_frame_rate = static_cast<std::uint32_t>(o.control.value_or(options.control_frame_rate));
            options.hub.queue_limit = static_cast<std::size_t>(o.queue.value_or(options.hub.queue_limit));
            options.allowed_origins = o.origins;
            g = std::make_unique<gateway_type>(case_handler(log_), std::move(options));
        }
        return *g;
    }

    /// The loop has gone round, so what was there to be read has been read.
    static void settle(gateway_type& g) {
        g.on_loop([] {});
    }

    void send(gateway_type& g, test_client& client, std::string_view bytes) {
        try {
            if (!bytewise_) {
                for (std::size_t const n = chop_ != 0 ? chop_ : bytes.size(); !bytes.empty();) {
                    client.send(bytes.substr(0, n));
                    bytes.remove_prefix(std::min(n, bytes.size()));
                }
                return;
            }
            for (std::size_t i = 0; i != bytes.size();) {
                bool const inside = bytes.size() > 4 * edge && i >= edge && i < bytes.size() - edge;
                std::size_t const n = inside ? bytes.size() - edge - i : 1;
                client.send(bytes.substr(i, n));
                i += n;
                if (watched_++ < watched_bytes) settle(g);
            }
        } catch (std::exception const&) {
            // the server has ended the connection; what it sent before tells whether it may
        }
    }

    void send_all(gateway_type& g, test_client& client, std::vector<case_frame> const& frames) {
        std::string all;
        for (case_frame const& f : frames)
            for (std::size_t i = 0; i != f.times; ++i)
                if (bytewise_)
                    send(g, client, f.bytes);
                else
                    all += f.bytes;
        if (!bytewise_) send(g, client, all);
    }

    [[nodiscard]] websocket_frame next_frame(websocket_client& client) {
        if (unwanted_) return *std::exchange(unwanted_, std::nullopt);
        return client.read_frame();
    }

    void read_all(websocket_client& client, std::vector<case_frame> const& frames) {
        for (case_frame const& f : frames)
            for (std::size_t i = 0; i != f.times; ++i) {
                websocket_frame read = next_frame(client);
                bool const same = read.opcode == f.opcode && read.fin == f.fin && read.payload == f.payload;
                expect(same || f.optional, "came: " + shown(read) + ", wanted: opcode " + std::to_string(f.opcode) +
                                               ", " + shown(f.payload));
                if (!same) unwanted_ = std::move(read);
            }
    }

    void run_frames(gateway_type& g, websocket_case const& c) {
        watched_ = 0;
        unwanted_.reset();
        websocket_client client{g.port};
        for (case_step const& s : c.steps)
            for (std::size_t i = 0; i != s.times; ++i) {
                send_all(g, client, s.send);
                read_all(client, s.receive);
            }
        int told = 1000;
        if (c.ending == websocket_case::end::closed) {
            expect_close(client, c.code);
            told = c.code == 0 ? 1005 : c.code;
        } else if (c.ending == websocket_case::end::ended) {
            std::string const behind = client.read_to_end();
            expect(behind.empty(), "came behind the close frame: " + shown(behind));
        } else if (c.ending == websocket_case::end::waits) {
            for (int i = 0; i != 3; ++i) settle(g);
            expect(!client.readable(5ms), "something came before the frame was there");
            told = 1006;
        } else {
            // it still works, and what was wanted was all
            client.send(masked_frame(9, "still there?"));
            websocket_frame const pong = next_frame(client);
            expect(pong.opcode == 10 && pong.payload == "still there?", "came before the pong: " + shown(pong));
            client.send(close_frame_of(1000));
            expect_close(client, 1000);
        }
        client.close();
        expect_handler(g, c, client.id, c.disconnect.value_or(told));
    }

    void expect_close(websocket_client& client, int code) {
        websocket_frame const close = next_frame(client);
        expect(close.opcode == 8 && close.fin, "came instead of a close frame: " + shown(close));
        expect(close.code() == code, "close code " + std::to_string(close.code()) + " with " + close.reason() +
                                         ", wanted " + std::to_string(code));
        expect(code != 0 || close.payload.empty(), "half a close code");
        expect(close.payload.size() <= 125 && backchannel::protocol::is_valid_utf8(close.reason()), "bad close reason");
        std::string const behind = client.read_to_end();
        expect(behind.empty(), "came behind the close frame: " + shown(behind));
    }

    void expect_handler(gateway_type& g, websocket_case const& c, std::string const& id, int code) {
        expect(soon([&] { return !log_->codes(id).empty(); }), "the handler heard nothing of the end");
        std::vector<int> const codes = log_->codes(id);
        expect(codes.size() == 1, "the handler heard of the end more than once");
        expect(codes[0] == code, "the handler heard " + std::to_string(codes[0]) + ", not " + std::to_string(code));
        expect(!g.server.hub().find(id).has_value(), "the id can still be found");

        case_log::message_list wanted;
        auto const add = [&](std::vector<case_frame> const& frames) {
            for (case_frame const& f : frames)
                for (std::size_t i = 0; i != f.times && f.opcode < 8; ++i) wanted.emplace_back(f.opcode, f.payload);
        };
        if (c.saw)
            add(*c.saw);
        else
            for (case_step const& s : c.steps)
                for (std::size_t i = 0; i != s.times; ++i) add(s.receive);
        auto const saw = log_->messages(id);
        expect(saw == wanted, "the handler saw " + std::to_string(saw.size()) + " messages, and wanted were " +
                                  std::to_string(wanted.size()) +
                                  (saw.empty() ? std::string{} : ", the last " + shown(saw.back().second)));
        log_->forget(id);
    }

    void run_handshake(gateway_type& g, websocket_case const& c) {
        watched_ = 0;
        test_client client{g.port};
        send(g, client, c.request);
        http_answer const answer = client.read_response(c.request.starts_with("HEAD "));
        expect(answer.status == c.status,
               "status " + std::to_string(answer.status) + ", wanted " + std::to_string(c.status));
        for (auto const& [name, value] : c.headers)
            expect(answer.header(name) == value.value_or(""), "header " + name + ": " + answer.header(name));
        if (c.status == 101) {
            client.send(masked_frame(1, "echo") + masked_frame(8, ""));
            expect(client.read_to_end() == std::string_view{"\x81\x04"
                                                            "echo\x88\x00",
                                                            8},
                   "no echo behind the 101");
        } else if (c.keeps) {
            expect(client.ask(get("/alive")).status == 200, "the connection does not go on");
        } else {
            expect(answer.header("Connection").starts_with("close"), "no Connection: close");
            expect(client.ended(), "the connection goes on");
        }
    }

    std::shared_ptr<case_log> log_ = std::make_shared<case_log>();
    std::map<case_options, std::unique_ptr<gateway_type>> gateways_;
    std::optional<websocket_frame> unwanted_; // read, but in place of one that may be missing
    std::size_t watched_ = 0;
    std::size_t chop_ = 0;
    bool bytewise_ = false;
};

}

#endif
