// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include "simulation/http_side.hpp"

#include "simulation/websocket_side.hpp"

#include <backchannel/protocol/http1_response.hpp>
#include <backchannel/protocol/websocket_handshake.hpp>

#include <utility>

namespace simulation {

using namespace backchannel;

void http_side::on_bytes(std::string& inbox) {
    while (!socket_.ending()) {
        if (body_) {
            if (!read_body(inbox)) return;
        } else if (over_ || inbox.empty() || places_.size() == most_under_way || !read_head(inbox)) {
            return;
        }
    }
}

std::size_t http_side::open_place(bool keep) {
    places_.push_back({std::nullopt, keep});
    if (!keep) over_ = true;
    return first_ + places_.size() - 1;
}

bool http_side::read_head(std::string& inbox) {
    switch (parser_.parse(inbox, head_)) {
    case http1::request_parser::status::need_more:
        return false;
    case http1::request_parser::status::failed:
        refuse(http1::status_of(parser_.error()));
        return false;
    case http1::request_parser::status::complete:
        break;
    }
    if (head_.upgrade) {
        if (!places_.empty()) { // first what was asked before
            parser_.reset();
            return false;
        }
        upgrade(head_);
        inbox.erase(0, head_.size);
        return false;
    }
    if (!socket_.owner().router.owns(head_.target_path)) {
        refuse(404);
        return false;
    }
    request_ = open_place(head_.keep_alive);
    body_.emplace(head_, max_body);
    kept_head_ = inbox.substr(0, head_.size);
    bool const streams = socket_.owner().on.w.random.chance(500);
    if (streams) arriving_ = socket_.owner().router.begin({head_.method, head_.target_path, head_.headers});
    if (head_.expect_continue && places_.size() == 1) socket_.put(http1::continue_response);
    inbox.erase(0, head_.size);
    return read_body(inbox);
}

bool http_side::read_body(std::string& inbox) {
    for (;;) {
        auto const step = body_->next(inbox);
        if (arriving_)
            arriving_->append(step.data);
        else
            collected_.append(step.data);
        inbox.erase(0, step.consumed);
        if (step.error != http1::parse_error::none) {
            over_ = true;
            places_.back().keep = false;
            body_.reset();
            if (step.error == http1::parse_error::body_too_large && arriving_) {
                arriving_->refuse_as_too_large();
                break;
            }
            arriving_.reset();
            places_.pop_back();
            refuse(http1::status_of(step.error));
            return false;
        }
        if (step.done) break;
        if (step.consumed == 0) return false;
    }
    body_.reset();
    if (arriving_) {
        auto const request = std::exchange(arriving_, nullptr);
        request->finish(answer_to(request_));
        return true;
    }
    http1::request_parser again;
    http1::request_head head;
    std::string const text = std::exchange(kept_head_, {}), body = std::exchange(collected_, {});
    (void)again.parse(text, head);
    dispatch({head.method, head.target_path, head.headers, body});
    return true;
}

void http_side::dispatch(request_view const& r) {
    management& router = socket_.owner().router;
    auto const done = answer_to(request_);
    if (!router.waits() && socket_.owner().on.w.random.chance(300))
        done(router.handle(r));
    else
        router.async_handle(r, done);
}

answer_callback http_side::answer_to(std::size_t request) {
    server& s = socket_.owner();
    return [&s, request, loop = socket_.loop, number = socket_.number,
            owed = s.on.book.expect_answer("a request")](response r) {
        s.on.book.answered(owed);
        s.on.book.check_no_lock("a router's answer");
        server_socket* const here = s.on.w.current() == loop ? s.find(loop, number) : nullptr;
        if (here != nullptr && s.on.w.random.chance(500)) return here->http().answered(request, std::move(r));
        s.on.w.post(loop, [&s, request, loop, number, r = std::move(r)] {
            if (server_socket* const there = s.find(loop, number)) there->http().answered(request, r);
        });
    };
}

void http_side::answered(std::size_t request, response r) {
    if (socket_.ending() || request < first_) return;
    exchange& e = socket_.peer().exchanges[request];
    e.status = r.status;
    e.request_id = std::string{r.headers.find("x-amzn-RequestId").value_or(std::string_view{})};
    places_[request - first_].answer = std::move(r);
    if (socket_.owner().on.planted == plant::answers_swapped) std::swap(places_[0], places_[request - first_]);
    flush();
}

void http_side::on_end() {
    if (std::exchange(ended_, true)) return;
    over_ = true;
    if (body_) { // it will never be complete
        body_.reset();
        arriving_.reset();
        places_.pop_back();
    }
    if (places_.empty()) socket_.end_soon();
}

void http_side::refuse(int status) {
    over_ = true;
    std::size_t const request = open_place(false);
    if (request >= socket_.peer().exchanges.size())
        return socket_.owner().on.w.violation("request out of nothing", std::to_string(request));
    answered(request, response{status});
}

void http_side::flush() {
    bool moved = false;
    while (!places_.empty() && places_.front().answer) {
        place const p = std::move(places_.front());
        places_.pop_front();
        ++first_;
        moved = true;
        bool const no_body = p.answer->status == 204;
        std::string text;
        if (!http1::append_response_head(text, p.answer->status, p.answer->headers, p.answer->body.size(), p.keep))
            socket_.owner().on.w.violation("response cannot be written", std::to_string(p.answer->status));
        if (!no_body) text += p.answer->body;
        socket_.put(text);
        if (!p.keep || (ended_ && places_.empty())) return socket_.end_soon();
    }
    if (moved) socket_.owner().later(socket_, 0, [](server_socket& s) { s.resume(); });
}

void http_side::upgrade(http1::request_head const& head) {
    std::size_t const request = open_place(true);
    over_ = true;
    exchange& e = socket_.peer().exchanges[request];
    auto const wrong = websocket::check_handshake(head);
    auto web = wrong == websocket::handshake_error::none ? websocket_side::make(socket_) : nullptr;
    if (web == nullptr) {
        places_.back().keep = false;
        return answered(request, response{wrong == websocket::handshake_error::none ? 503 : 400});
    }
    places_.clear();
    e.status = 101;
    auto const key = websocket::accept_key(head.find("Sec-WebSocket-Key"));
    response r{101};
    r.headers.add("Upgrade", "websocket");
    r.headers.add("Connection", "Upgrade");
    r.headers.add("Sec-WebSocket-Accept", {key.data(), key.size()});
    std::string text;
    (void)http1::append_response_head(text, r.status, r.headers, std::nullopt, true);
    socket_.put(text);
    websocket_side& w = *web;
    socket_.upgraded(std::move(web));
    w.open();
}

}
