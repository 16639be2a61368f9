// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_MOCK_UWEBSOCKETS_APP_H
#define BACKCHANNEL_TESTS_MOCK_UWEBSOCKETS_APP_H

// As much of uWebSockets as its adapter calls. A test plays the network: it fills in requests, hands over pieces of
// bodies and reads what was written.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct us_loop_t;

/// A timer that a test rings.
struct us_timer_t {
    void* ext = nullptr;
    void (*ring)(us_timer_t*) = nullptr;
    static inline std::vector<us_timer_t*> all{};
};
inline us_timer_t* us_create_timer(us_loop_t*, int, unsigned) { return us_timer_t::all.emplace_back(new us_timer_t); }
inline void* us_timer_ext(us_timer_t* t) { return &t->ext; }
inline void us_timer_set(us_timer_t* t, void (*ring)(us_timer_t*), int, int) { t->ring = ring; }
inline void us_timer_close(us_timer_t* t) {
    std::erase(us_timer_t::all, t);
    delete t;
}

namespace uWS {

enum OpCode : unsigned char { TEXT = 1, BINARY = 2, PING = 9 };

/// Only moved, as uWebSockets' own.
template <class... A>
class MoveOnlyFunction {
public:
    MoveOnlyFunction() = default;
    template <class F>
    MoveOnlyFunction(F f)
        : shared_{std::make_shared<F>(std::move(f))}, call_{[](void* held, A... a) {
              (*static_cast<F*>(held))(std::move(a)...);
          }} {}
    MoveOnlyFunction(MoveOnlyFunction&&) = default;
    MoveOnlyFunction& operator=(MoveOnlyFunction&&) = default;
    void operator()(A... a) { call_(shared_.get(), std::move(a)...); }
    explicit operator bool() const { return call_ != nullptr; }

private:
    std::shared_ptr<void> shared_;
    void (*call_)(void*, A...) = nullptr;
};

/// One per thread.
class Loop {
public:
    static Loop* get() {
        static thread_local Loop loop;
        return &loop;
    }
    void defer(MoveOnlyFunction<> f) {
        std::lock_guard const lock{mutex_};
        deferred_.push_back(std::move(f));
    }

    /// For tests, on the loop's thread: runs what was deferred, and returns how much that was.
    std::size_t run_deferred() {
        std::vector<MoveOnlyFunction<>> now;
        {
            std::lock_guard const lock{mutex_};
            now.swap(deferred_);
        }
        for (auto& f : now) f();
        return now.size();
    }

private:
    std::mutex mutex_;
    std::vector<MoveOnlyFunction<>> deferred_;
};

template <bool SSL, bool isServer, class UserData>
class WebSocket {
public:
    enum SendStatus : int { BACKPRESSURE, SUCCESS, DROPPED };

    SendStatus send(std::string_view m, OpCode kind) {
        told.push_back((kind == TEXT ? "text " : kind == BINARY ? "binary " : "ping ") + std::string{m});
        return status;
    }
    void end(int code, std::string_view reason) {
        told.push_back("end " + std::to_string(code) + " " + std::string{reason});
        data.reset(); // which uWebSockets does inline as well
    }
    void* close() {
        told.push_back("close");
        data.reset();
        return nullptr;
    }
    unsigned getBufferedAmount() { return buffered; }
    UserData* getUserData() { return &*data; }

    // for tests
    std::vector<std::string> told;
    SendStatus status = SUCCESS;
    unsigned buffered = 0;
    std::optional<UserData> data{std::in_place};
};

class HttpRequest {
public:
    auto begin() const { return fields.begin(); }
    auto end() const { return fields.end(); }
    std::string_view getCaseSensitiveMethod() const { return method; }
    std::string_view getFullUrl() const { return target; }
    bool isAncient() const { return ancient; }
    std::string_view getHeader(std::string_view name) const {
        for (auto const& [key, value] : fields)
            if (key == name) return value;
        return {};
    }

    // for tests
    std::string method = "GET", target;
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    bool ancient = false; // HTTP/1.0
};

template <bool SSL>
class HttpResponse {
public:
    HttpResponse* cork(MoveOnlyFunction<> f) {
        written += "[";
        f();
        written += "]";
        return this;
    }
    HttpResponse* writeStatus(std::string_view s) { return add(s); }
    HttpResponse* writeHeader(std::string_view name, std::string_view value) {
        return add(std::string{name}.append(": ").append(value));
    }
    bool write(std::string_view chunk) {
        add("chunk " + std::string{chunk});
        return takes;
    }
    HttpResponse* onWritable(MoveOnlyFunction<std::uint64_t> f) {
        writable = std::move(f);
        return this;
    }
    HttpResponse* close() {
        add("cut off");
        aborted();
        return nullptr;
    }
    void end(std::string_view body, bool close) { finish(std::to_string(body.size()), body, close); }
    void endWithoutBody(std::optional<std::size_t> length, bool close) {
        finish(length ? std::to_string(*length) : "none", {}, close);
    }
    HttpResponse* onAborted(MoveOnlyFunction<> f) {
        aborted = std::move(f);
        return this;
    }
    void onData(MoveOnlyFunction<std::string_view, bool> f) { data = std::move(f); }
    std::string_view getRemoteAddressAsText() const { return "0000:0000:0000:0000:0000:ffff:c000:0207"; }

    // for tests
    std::string written; ///< lines end in '|'; what is corked stands in brackets
    MoveOnlyFunction<> aborted;
    MoveOnlyFunction<std::uint64_t> writable; // uWebSockets' own returns something
    MoveOnlyFunction<std::string_view, bool> data;
    bool takes = true;

private:
    HttpResponse* add(std::string_view line) {
        written.append(line).append("|");
        return this;
    }
    void finish(std::string length, std::string_view body, bool close) {
        add("length " + length)->add(body);
        if (close) add("close");
        aborted = {};
    }
};

}

#endif
