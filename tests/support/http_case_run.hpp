// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_HTTP_CASE_RUN_HPP
#define BACKCHANNEL_TESTS_SUPPORT_HTTP_CASE_RUN_HPP

// Plays a case of http_case.hpp against a running gateway and says what went otherwise than it should.

#include "support/gateway_fixture.hpp"
#include "support/http_case.hpp"

#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace test::http_cases {

/// How the client's bytes arrive.
enum class cut {
    whole,
    bytewise, ///< one at a time; the server has had a turn of its loop in between
    followed  ///< whole, and another request right behind it in the same write
};

[[nodiscard]] inline char const* name_of(cut how) {
    return how == cut::whole ? "whole" : how == cut::bytewise ? "one byte at a time" : "with a request behind it";
}

/// A gateway whose handler notes each request that reaches it and answers with the same text.
class case_server {
public:
    explicit case_server(std::vector<std::pair<std::string, std::size_t>> const& options)
        : gateway_{handler(), made_from(options)} {}

    [[nodiscard]] unsigned short port() const noexcept { return gateway_.port; }

    /// Returns when the loop has looked at what was sent before; what it finds stands behind the first of the two.
    void take_turn() {
        auto& loop = gateway_.server.context();
        std::promise<void> done;
        asio::post(loop, [&] { asio::post(loop, [&] { done.set_value(); }); });
        done.get_future().wait();
    }

    /// What has reached the handler since the last call.
    [[nodiscard]] std::vector<std::string> reached() {
        auto const all = log_->events();
        std::vector<std::string> fresh{all.begin() + static_cast<std::ptrdiff_t>(seen_), all.end()};
        seen_ = all.size();
        return fresh;
    }

private:
    [[nodiscard]] scripted_handler handler() {
        scripted_handler h;
        h.request = [log = log_](request_view const& r) -> std::optional<response> {
            std::string text = std::string{r.method}.append(" ").append(r.target);
            if (!r.body.empty()) text.append(" ").append(r.body);
            log->add(text);
            if (r.target == "/missing") return std::nullopt;
            if (r.target == "/204") return response{204};
            if (r.target == "/304") return response{304};
            return response{200, "text/plain", text};
        };
        return h;
    }

    [[nodiscard]] static gateway_options made_from(std::vector<std::pair<std::string, std::size_t>> const& options) {
        gateway_options made = prod();
        for (auto const& [name, value] : options) {
            if (name == "target")
                made.head.target = value;
            else if (name == "head")
                made.head.head = value;
            else if (name == "headers")
                made.head.headers = value;
            else if (name == "request_body")
                made.max_request_body = value;
            else if (name == "message_body")
                made.router.max_body = value;
            else if (name == "request_timeout_ms")
                made.request_timeout = std::chrono::milliseconds{value};
            else if (name == "header_timeout_ms")
                made.header_timeout = std::chrono::milliseconds{value};
            else if (name == "keep_alive_timeout_ms")
                made.keep_alive_timeout = std::chrono::milliseconds{value};
            else
                throw std::runtime_error{"unknown option " + name};
        }
        return made;
    }

    std::shared_ptr<event_log> log_ = std::make_shared<event_log>();
    std::size_t seen_ = 0;
    running_gateway<> gateway_;
};

/// One case, played in one way on a connection of its own.
class conversation {
public:
    conversation(case_server& server, http_case const& c, cut how)
        : server_{server}, case_{c}, how_{how}, client_{server.port()} {}

    /// What was wrong; nothing if all was as it should be.
    [[nodiscard]] std::vector<std::string> play() {
        (void)server_.reached();
        try {
            send_all();
            if (case_.then == ending::waits) client_.half_close();
            for (std::size_t i = 0; i != case_.answers.size(); ++i)
                check_answer(case_.answers[i], is_last_word(i) && case_.then == ending::closed);
            end();
        } catch (std::exception const& e) {
            complain(e.what());
        }
        check_reached();
        return std::move(problems_);
    }

private:
    [[nodiscard]] static std::string follower() { return get("/behind"); }
    [[nodiscard]] static std::string farewell() { return get("/after", "Connection: close\r\n"); }

    void complain(std::string text) { problems_.push_back(std::move(text)); }

    [[nodiscard]] bool is_last_word(std::size_t index) const noexcept { return index + 1 == case_.answers.size(); }
    [[nodiscard]] bool behind_at_once() const noexcept { return how_ == cut::followed && !case_.incomplete; }
    [[nodiscard]] bool behind_is_served() const noexcept {
        return how_ == cut::followed && case_.then == ending::kept && !case_.incomplete;
    }

    void send_all() {
        for (std::size_t i = 0; i != case_.steps.size(); ++i) {
            step const& s = case_.steps[i];
            bool const last = i + 1 == case_.steps.size();
            if (s.what == step::kind::send)
                send(s.bytes + (last && behind_at_once() ? follower() : std::string{}));
            else if (s.what == step::kind::await)
                await(s.status);
            else if (s.what == step::kind::pause)
                std::this_thread::sleep_for(s.wait);
            else
                drip(s);
        }
    }

    // A server that has found a mistake may end the connection in the middle of what it does not read any more.
    void send(std::string const& bytes) {
        try {
            if (how_ != cut::bytewise) return client_.send(bytes);
            for (std::size_t i = 0; i != bytes.size(); ++i) {
                client_.send(std::string_view{bytes}.substr(i, 1));
                server_.take_turn();
            }
        } catch (std::runtime_error const&) {
            if (case_.then != ending::closed && case_.then != ending::expires) throw;
        }
    }

    void drip(step const& s) {
        for (std::size_t i = 0; i != s.times && !client_.readable(s.wait); ++i) send(s.bytes);
    }

    void await(int status) {
        http_answer const answer = client_.read_response();
        check_form(answer, false);
        if (answer.status != status) complain("awaited " + std::to_string(status) + ", not " + answer.head);
    }

    [[nodiscard]] http_answer next_answer(bool bodiless) {
        http_answer answer = client_.read_response(bodiless);
        while (case_.may_continue && answer.status == 100) answer = client_.read_response(bodiless);
        return answer;
    }

    void check_answer(expected_answer const& expected, bool last_word) {
        http_answer const answer = next_answer(expected.bodiless);
        received_ += answer.head + answer.body;
        check_form(answer, last_word);
        if (answer.status != expected.status)
            complain("expected " + std::to_string(expected.status) + ", not " + answer.head + " | " + answer.body);
        if (expected.has_body && answer.body != expected.body) complain("the answer's body is " + answer.body);
        for (auto const& [name, value] : expected.headers)
            if (answer.header(name) != value) complain(name + " is '" + answer.header(name) + "'");
        if (answer.status == 200) check_echo(answer, expected.bodiless);
    }

    // The handler's answer is what it was asked.
    void check_echo(http_answer const& answer, bool bodiless) {
        std::string const text = echoes_ < case_.reached.size() ? case_.reached[echoes_] : std::string{};
        ++echoes_;
        if (bodiless ? answer.header("Content-Length") != std::to_string(text.size()) : answer.body != text)
            complain("expected the answer to '" + text + "', not " + answer.body);
    }

    /// Whether this is an answer as RFC 9112 wants it, and says about the connection what will happen.
    void check_form(http_answer const& answer, bool last_word) {
        std::string_view rest = answer.head;
        auto const line = [&rest] {
            std::string_view const one = rest.substr(0, rest.find("\r\n"));
            rest.remove_prefix(std::min(rest.size(), one.size() + 2));
            return one;
        };
        std::string_view const status = line();
        if (status.size() < 14 || status.substr(0, 9) != "HTTP/1.1 " || status[12] != ' ')
            complain("the status line is " + std::string{status});
        std::multiset<std::string> names;
        while (!rest.empty()) {
            std::string_view const one = line();
            std::size_t const colon = one.find(": ");
            std::string_view const name = one.substr(0, colon);
            if (colon == one.npos || !backchannel::http1::is_token(name) || one.find('\n') != one.npos)
                complain("a header line is " + std::string{one});
            std::string lower{name};
            for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
            names.insert(std::move(lower));
        }
        bool const sized = answer.status >= 200 && answer.status != 204 && answer.status != 304;
        auto const check_count = [&](char const* name, std::size_t wanted) {
            if (names.count(name) != wanted) complain(std::string{"the wrong number of "} + name + " lines");
        };
        check_count("content-length", sized ? 1 : 0);
        check_count("date", answer.status == 100 ? 0 : 1);
        check_count("transfer-encoding", 0);
        if ((answer.header("Connection").rfind("close", 0) == 0) != last_word)
            complain("the answer's Connection is '" + answer.header("Connection") + "'");
        bool const own = answer.status >= 400 && !answer.body.empty();
        if (own && !backchannel::protocol::parse_json(answer.body)) complain("no JSON: " + answer.body);
    }

    void end() {
        if (case_.then == ending::kept && !case_.incomplete) {
            client_.send(farewell());
            if (behind_is_served()) check_body("GET /behind", false);
            check_body("GET /after", true);
        } else if (how_ == cut::followed && case_.then == ending::closed && case_.incomplete) {
            send(follower()); // too late
        }
        if (case_.then == ending::upgraded) {
            client_.half_close();
            (void)client_.read_to_end(); // frames
            return;
        }
        std::string const more = client_.read_to_end();
        received_ += more;
        if (!more.empty()) complain("behind the last answer came " + more);
        if (how_ == cut::followed && case_.then == ending::expires) send(follower());
    }

    void check_body(std::string const& text, bool last_word) {
        http_answer const answer = client_.read_response();
        check_form(answer, last_word);
        if (answer.status != 200 || answer.body != text) complain("for " + text + " came " + answer.head + answer.body);
    }

    void check_reached() {
        auto expected = case_.reached;
        if (behind_is_served()) expected.emplace_back("GET /behind");
        if (case_.then == ending::kept) expected.emplace_back("GET /after");
        server_.take_turn();
        auto const reached = server_.reached();
        if (reached != expected) {
            std::string text = "what reached the handler:";
            for (std::string const& r : reached) text += " [" + r + "]";
            complain(text);
        }
        for (std::string const& word : case_.never) {
            bool found = received_.find(word) != std::string::npos;
            for (std::string const& r : reached) found = found || r.find(word) != std::string::npos;
            if (found) complain("what must never happen: " + word);
        }
    }

    case_server& server_;
    http_case const& case_;
    cut how_;
    test_client client_;
    std::vector<std::string> problems_;
    std::string received_;
    std::size_t echoes_ = 0;
};

}

#endif
