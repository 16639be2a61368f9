// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/caller.hpp"

#include "support/signer.hpp"

#include <charconv>
#include <utility>

namespace simulation {

caller::caller(stage& s, server& to, faults_made& made, wire::settings net, std::size_t requests)
    : on_{s}, server_{to}, made_{made}, dialogue_{std::make_shared<dialogue>(s.w, net)}, left_{requests} {}

void caller::start() {
    dialogue_->on_change(side::client, [this] { on_change(); });
    server_.accept(dialogue_);
    ask();
}

void caller::ask() {
    if (over_ || gone_) return;
    if (left_ == 0) {
        over_ = true;
        shuts_ = on_.w.random.chance(300);
        return flush();
    }
    --left_;
    if (on_.happens(40)) return misbehave();
    exchange e;
    std::string text = request(e);
    if (on_.happens(30)) { // it ends in the middle
        text.resize(on_.w.random.below(text.size()));
        e.whole = false;
        over_ = true;
    }
    on_.w.note("caller ", dialogue_->number, " asks ", e.method, e.wrong ? " wrongly" : "", e.whole ? "" : " in part");
    dialogue_->exchanges.push_back(std::move(e));
    out_ += text;
    shuts_ = over_;
    flush();
    if (over_) return;
    microseconds const pause = on_.w.random.chance(500) ? 0 : on_.w.random.between(1, 200'000);
    on_.w.after(pause, world::outside, [this] { ask(); });
}

void caller::misbehave() {
    over_ = true;
    switch (on_.w.random.below(3)) {
    case 0:
        gone_ = true;
        dialogue_->reset(side::client);
        break;
    case 1:
        gone_ = true;
        dialogue_->vanish();
        break;
    default: {
        exchange e;
        e.method = "garbage";
        e.wrong = true;
        dialogue_->exchanges.push_back(e);
        out_ += "GET  /prod/@connections/x HTTP/1.1\r\nHost: a\r\n\r\n";
        flush();
    }
    }
    on_.w.note("caller ", dialogue_->number, " misbehaves");
}

std::string caller::some_id() {
    if (server_.published.empty() || on_.w.random.chance(50))
        return on_.w.random.chance(500) ? "AAAAbbbbCCCCdddd" : "not-an-id";
    std::size_t const n = server_.published.size();
    std::size_t const recent = on_.w.random.chance(800) ? std::min<std::size_t>(n, 6) : n;
    return server_.published[n - 1 - on_.w.random.below(recent)];
}

std::string caller::request(exchange& e) {
    random_source& random = on_.w.random;
    e.id = some_id();
    e.method = random.chance(700) ? "POST" : random.chance(600) ? "GET" : "DELETE";
    test::http_request r;
    r.target = "/prod/@connections/" + e.id;
    r.headers = {{"Host", "api.example.org"}};
    bool const too_long = e.method == "POST" && random.chance(20);
    if (e.method == "POST") {
        std::size_t const size = too_long ? max_body : random.below(random.chance(100) ? 2500 : 200);
        e.body = server_.on.book.compose(e.id, size, random.chance(200));
    }
    r.method = e.method;
    r.body = e.body;
    auto date = backchannel::protocol::format_amz_date(on_.w.wall());
    test::signing how;
    how.key = {std::string{access_key_id}, std::string{secret_key}};
    std::size_t const trick = random.chance(100) ? random.below(5) : 99;
    if (trick == 0) how.key.secret = "another";
    if (trick == 1) how.key.id = "AKIDNOBODY";
    if (trick == 2) date = backchannel::protocol::format_amz_date(on_.w.wall() - std::chrono::hours{1});
    how.date = std::string{date.data(), date.size()};
    test::sign(r, how);
    if (trick == 3) r.erase("Authorization");
    if (trick == 4) r.method = e.method = e.method == "GET" ? "DELETE" : "GET", r.body.clear();
    e.wrong = trick < 5 || too_long;

    std::string text = r.method + " " + r.target + " HTTP/1.1\r\n";
    for (auto const& [name, value] : r.headers) text.append(name).append(": ").append(value).append("\r\n");
    if (!r.body.empty() && random.chance(100)) text += "Expect: 100-continue\r\n";
    if (!r.body.empty() && random.chance(300)) {
        text += "Transfer-Encoding: chunked\r\n\r\n";
        for (std::size_t at = 0; at != r.body.size();) {
            std::size_t const n = std::min(r.body.size() - at, 1 + random.below(200));
            std::array<char, 16> hex;
            auto const end = std::to_chars(hex.data(), hex.data() + hex.size(), n, 16).ptr;
            text.append(hex.data(), end).append("\r\n").append(r.body, at, n).append("\r\n");
            at += n;
        }
        return text + "0\r\n\r\n";
    }
    if (!r.body.empty()) text += "Content-Length: " + std::to_string(r.body.size()) + "\r\n";
    return text + "\r\n" + r.body;
}

void caller::flush() {
    if (gone_) return;
    out_.erase(0, dialogue_->write(side::client, out_));
    if (out_.empty() && std::exchange(shuts_, false)) dialogue_->shut(side::client);
}

void caller::on_change() {
    if (gone_) return;
    if (dialogue_->was_reset(side::client)) {
        gone_ = true;
        return;
    }
    flush();
    while (dialogue_->has_bytes(side::client)) in_ += dialogue_->read(side::client, 1 + on_.w.random.below(500));
    while (read_answer()) {
    }
    if (dialogue_->ended(side::client)) over_ = true;
}

/// Takes one answer off what has come. False: there is no whole one.
bool caller::read_answer() {
    auto const head_end = in_.find("\r\n\r\n");
    if (head_end == std::string::npos) return false;
    std::string const head = in_.substr(0, head_end + 2);
    int status = 0;
    bool const formed = head.starts_with("HTTP/1.1 ") && head.size() > 13 &&
                        std::from_chars(head.data() + 9, head.data() + 12, status).ec == std::errc{} && head[12] == ' ';
    if (!formed || status < 100 || status > 599) {
        on_.w.violation("malformed response", head.substr(0, 60));
        return false;
    }
    if (status == 100) {
        in_.erase(0, head_end + 4);
        return true;
    }
    std::size_t length = 0;
    if (auto const at = head.find("Content-Length: "); at != std::string::npos)
        (void)std::from_chars(head.data() + at + 16, head.data() + head.size(), length);
    else if (status != 204)
        on_.w.violation("malformed response", "no length");
    if (in_.size() < head_end + 4 + length) return false;
    std::string const body = in_.substr(head_end + 4, length);
    in_.erase(0, head_end + 4 + length);
    if (last_answer_ || answers_ >= dialogue_->exchanges.size()) {
        on_.w.violation("answers out of order", "one too many");
        return false;
    }
    last_answer_ = head.find("Connection: close") != std::string::npos;
    check(dialogue_->exchanges[answers_++], status, head, body);
    return true;
}

void caller::check(exchange const& e, int status, std::string_view head, std::string_view body) {
    on_.w.note("caller ", dialogue_->number, " gets ", status, " to ", e.method);
    auto const wrong = [&](std::string_view rule) {
        on_.w.violation(rule, std::to_string(status) + " to " + e.method + " " + std::string{body.substr(0, 80)});
    };
    if (status != e.status || head.find(e.request_id) == std::string_view::npos) return wrong("answers out of order");
    bool const success = status == (e.method == "DELETE" ? 204 : 200);
    if (e.wrong) {
        if ((status < 400 || status > 499) && !(status == 500 && made_.keys_failed)) wrong("wrong request not refused");
        return;
    }
    bool const sent = e.method == "POST" && on_.book.was_accepted(e.body);
    if (e.method == "POST" && success != sent) return wrong("answer and outcome differ");
    bool const by_fault = (status == 403 && (made_.wall_jumped || made_.keys_failed)) ||
                          (status == 500 && made_.keys_failed) || (status == 503 && on_.book.loses_tasks);
    bool const explained = server_.hub.is_well_formed(e.id)
                               ? success || status == 410 || (status == 429 && e.method == "POST")
                               : status == 400;
    if (!explained && !by_fault) return wrong("unexpected status");
    if (head.find("Date: ") == std::string_view::npos || head.find("x-amzn-RequestId: ") == std::string_view::npos)
        return wrong("malformed response");
    if (e.method == "GET" && success && body.find("\"connectedAt\":\"20") == std::string_view::npos)
        return wrong("malformed response");
    if (!success && (head.find("x-amzn-ErrorType: ") == std::string_view::npos ||
                     !body.starts_with("{\"message\":\"") || !body.ends_with("\"}")))
        return wrong("malformed response");
}

void caller::check_end() {
    if (gone_ || last_answer_ || dialogue_->vanished()) return;
    for (std::size_t i = answers_; i < dialogue_->exchanges.size(); ++i)
        if (dialogue_->exchanges[i].whole)
            return on_.w.violation("never completed", "a request: " + dialogue_->exchanges[i].method);
}

}
