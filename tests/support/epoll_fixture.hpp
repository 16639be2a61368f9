// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_EPOLL_FIXTURE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_EPOLL_FIXTURE_HPP

#include "support/request_text.hpp"
#include "support/socket_pair.hpp"

#include <backchannel/adapters/epoll.hpp>
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/connection_hub.hpp>
#include <backchannel/management_router.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The HTTP side of the epoll adapter over a pair of sockets, in turns that the test takes.
namespace test::epoll {

namespace adapter = backchannel::adapters::epoll;
using namespace std::literals;
using progress = adapter::http_client::progress;

struct transport {
    using handle = int;
    static constexpr bool unbounded = true;
    backchannel::delivery send(int, backchannel::message const& m) {
        *last = m.data();
        if (m.data().size() > 16384) *kept_in_place = m.share().data().data() == m.data().data();
        return backchannel::delivery::accepted;
    }
    void close(int, std::uint16_t, std::string_view) {}
    std::shared_ptr<std::string> last = std::make_shared<std::string>();
    std::shared_ptr<bool> kept_in_place = std::make_shared<bool>(false); // a long message, without a copy
};

/// A loop: its queue and its buffer.
struct home {
    home() { tasks.enter(); }
    adapter::task_queue tasks;
    std::vector<char> buffer = std::vector<char>(65536);
    adapter::workspace shared{tasks, buffer};
};

template <class Auth>
struct fixture {
    explicit fixture(home& h, Auth auth = {}, int type = SOCK_SEQPACKET)
        : link{type}, router{hub, std::move(auth), {.stage = "prod"}}, http{std::make_unique<adapter::http_client>(
                                                                           link.server(), h.shared,
                                                                           [this] { turn(0); })} {
        tracked = hub.open(1);
    }

    progress turn(std::uint32_t events = EPOLLIN) {
        if (http == nullptr) return progress::over;
        return last = http->turn(
                   events, router, [this](backchannel::request_view const& r) { return own(r); }, own_limit);
    }
    backchannel::response own(backchannel::request_view const& r) {
        ++owned;
        if (during) std::exchange(during, {})();
        return backchannel::response{200, "text/plain", size != 0 ? std::string(size, 'x') : test::text_of(r)};
    }
    std::string ask(std::string_view text) {
        link.say(text);
        turn();
        return link.hear();
    }
    std::string post(std::string_view body) const {
        return "POST /prod/@connections/" + std::string{tracked.id()} +
               " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               std::string{body};
    }

    test::socket_pair link;
    std::shared_ptr<std::string> delivered = std::make_shared<std::string>();
    std::shared_ptr<bool> kept_in_place = std::make_shared<bool>(false);
    backchannel::connection_hub<transport> hub{transport{delivered, kept_in_place}};
    backchannel::management_router<Auth> router;
    std::unique_ptr<adapter::http_client> http;
    backchannel::session tracked;
    progress last = progress::open;
    int owned = 0;
    std::size_t size = 0;         // of the application's answers
    std::size_t own_limit = 1000; // of the bodies of its requests
    std::function<void()> during; // the application's next answer
};

using plain = fixture<backchannel::allow_all>;

[[nodiscard]] inline int count(std::string_view text, std::string_view what) {
    int n = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
    return n;
}

inline constexpr auto get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"sv;

}

#endif
