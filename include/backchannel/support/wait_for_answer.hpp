// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_WAIT_FOR_ANSWER_HPP
#define BACKCHANNEL_SUPPORT_WAIT_FOR_ANSWER_HPP

#include <backchannel/http.hpp>

#include <future>
#include <optional>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The router's answer, for servers that give each request a thread of its own: that thread may wait, for an
/// authorizer that takes its time or for another thread's connection. Nothing: the request is not the router's.
template <class Router>
[[nodiscard]] std::optional<response> wait_for_answer(Router& router, request_view const& request) {
    std::promise<response> promised;
    auto answer = promised.get_future();
    if (!router.async_handle(
            request, [promised = std::move(promised)](response r) mutable { promised.set_value(std::move(r)); }))
        return std::nullopt;
    return answer.get();
}

/// The same for a request whose body is longer than the router's `max_body`; only the head is looked at.
template <class Router>
[[nodiscard]] std::optional<response> answer_too_large(Router& router, request_view const& head) {
    std::optional<response> answer;
    if (auto incoming = router.begin(head)) {
        incoming.refuse_as_too_large();
        incoming.finish([&](response r) { answer = std::move(r); });
    }
    return answer;
}

}

#endif
