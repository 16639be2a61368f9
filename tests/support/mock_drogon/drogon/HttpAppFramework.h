// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_MOCK_DROGON_HTTPAPPFRAMEWORK_H
#define BACKCHANNEL_TESTS_MOCK_DROGON_HTTPAPPFRAMEWORK_H

// As much of Drogon, and of Trantor under it, as its adapter calls.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trantor {

/// The loop of a test's thread, which may step aside to let the test be another thread.
class EventLoop {
public:
    static EventLoop* getEventLoopOfCurrentThread() {
        static thread_local EventLoop loop;
        return &loop;
    }
    bool isInLoopThread() const { return here; }
    void queueInLoop(std::function<void()> f) { queued.push_back(std::move(f)); }
    std::uint64_t runEvery(double, std::function<void()> f) {
        timers[++last_timer] = std::move(f);
        return last_timer;
    }
    void invalidateTimer(std::uint64_t timer) { timers.erase(timer); }
    void runInLoop(std::function<void()> f) {
        if (here)
            f();
        else
            queued.push_back(std::move(f));
    }

    // for tests
    std::size_t run() {
        here = true;
        auto const now = std::exchange(queued, {});
        for (auto const& f : now) f();
        return now.size();
    }
    void ring() {
        for (auto const& [id, f] : std::map{timers}) f();
    }
    bool here = true;
    std::vector<std::function<void()>> queued;
    std::map<std::uint64_t, std::function<void()>> timers;
    std::uint64_t last_timer = 0;
};

using TimerId = std::uint64_t;

struct InetAddress {
    std::string ip = "::ffff:192.0.2.7";
    std::string toIp() const { return ip; }
};

class TcpConnection;
using TcpConnectionPtr = std::shared_ptr<TcpConnection>;
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
public:
    void setHighWaterMarkCallback(std::function<void(TcpConnectionPtr const&, std::size_t)> f, std::size_t mark) {
        on_rest_ = std::move(f);
        mark_ = mark;
    }
    std::size_t bytesSent() const { return sent; }
    bool connected() const { return open; }
    void forceClose() { open = false; }
    EventLoop* getLoop() const { return EventLoop::getEventLoopOfCurrentThread(); }

    // for tests
    void write(std::size_t bytes) {
        std::size_t const now = waiting == 0 ? std::min(bytes, room) : 0;
        sent += now;
        room -= now;
        waiting += bytes - now;
        if (waiting > mark_ && on_rest_) on_rest_(shared_from_this(), waiting);
    }
    /// The client reads.
    void drain(std::size_t bytes) {
        sent += bytes;
        waiting -= bytes;
    }
    std::size_t room = 0, waiting = 0, sent = 1000;
    bool open = true;

private:
    std::function<void(TcpConnectionPtr const&, std::size_t)> on_rest_;
    std::size_t mark_ = 0;
};

}

namespace drogon {

enum ContentType { CT_NONE, CT_TEXT_HTML };
enum HttpStatusCode : int { k200OK = 200 };
enum class Version { kHttp10, kHttp11 };

struct HttpRequest {
    std::string const& getOriginalPath() const { return path; }
    std::string const& query() const { return query_text; }
    std::map<std::string, std::string> const& headers() const { return fields; }
    std::string getHeader(std::string const& name) const { return fields.count(name) ? fields.at(name) : ""; }
    bool isHead() const { return head; }
    Version version() const { return http_version; }
    char const* methodString() const { return method.c_str(); }
    std::string_view body() const { return content; }
    trantor::InetAddress peerAddr() const { return {}; }
    bool isOnSecureConnection() const { return true; }
    std::weak_ptr<trantor::TcpConnection> const& getConnectionPtr() const { return connection; }

    // for tests
    std::string method = "GET", path, query_text, content;
    std::map<std::string, std::string> fields;
    bool head = false;
    Version http_version = Version::kHttp11;
    std::weak_ptr<trantor::TcpConnection> connection;
};
using HttpRequestPtr = std::shared_ptr<HttpRequest>;

/// The test looks at what was sent by way of the connection's end.
struct ResponseStream {
    explicit ResponseStream(trantor::TcpConnectionPtr c, std::vector<std::string>& told_to)
        : connection{c}, told{told_to} {}
    ~ResponseStream() { told.push_back("end"); }
    bool send(std::string const& data) {
        told.push_back(data);
        connection->write(data.size() + 5);
        return connection->open;
    }

    trantor::TcpConnectionPtr connection;
    std::vector<std::string>& told;
};
using ResponseStreamPtr = std::unique_ptr<ResponseStream>;

struct HttpResponse {
    static std::shared_ptr<HttpResponse> newHttpResponse() {
        auto made = std::make_shared<HttpResponse>();
        made->content_type = "text/html";
        return made;
    }
    static std::shared_ptr<HttpResponse> newAsyncStreamResponse(std::function<void(ResponseStreamPtr)> f, bool) {
        auto made = newHttpResponse();
        made->stream = std::move(f);
        return made;
    }
    void setStatusCode(HttpStatusCode code) { status = code; }
    void setContentTypeCode(ContentType type) {
        if (type == CT_NONE) content_type.clear();
    }
    void setContentTypeString(std::string_view type) { content_type = type; }
    void addHeader(std::string name, std::string value) { headers[std::move(name)] = std::move(value); }
    void setBody(std::string text) { body = std::move(text); }

    // for tests
    int status = 0;
    std::string content_type, body;
    std::map<std::string, std::string> headers;
    std::function<void(ResponseStreamPtr)> stream;
};
using HttpResponsePtr = std::shared_ptr<HttpResponse>;

using AdviceCallback = std::function<void(HttpResponsePtr const&)>;

}

#endif
