// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_OWNED_REQUEST_HPP
#define BACKCHANNEL_SUPPORT_OWNED_REQUEST_HPP

#include <backchannel/http.hpp>
#include <backchannel/support/message_buffer.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A request that owns its bytes, for what outlives the call that brought it. Does not move: views point into it.
class owned_request {
public:
    explicit owned_request(request_view const& r) : owned_request{r, r.body} {}

    /// Only the head of `r`; the body is appended to `body`.
    [[nodiscard]] static owned_request head_of(request_view const& r) { return owned_request{r, {}}; }

    owned_request(owned_request const&) = delete;
    owned_request& operator=(owned_request const&) = delete;

    /// The request as it is now; valid until `body` changes.
    [[nodiscard]] request_view view() const noexcept {
        request_view r = head_;
        r.headers = headers_;
        r.body = body.data();
        return r;
    }

    /// The same for a router, which may take the body's memory over.
    [[nodiscard]] request_view lent() const noexcept {
        request_view r = view();
        r.body_memory = &body;
        return r;
    }

    message_buffer body;

private:
    owned_request(request_view const& r, std::string_view content) : head_{r} {
        head_.body_memory = nullptr;
        body.expect(content.size());
        body.append(content);
        std::size_t size = r.method.size() + r.target.size() + r.source_ip.size();
        for (header_view const& h : r.headers) size += h.name.size() + h.value.size();
        bytes_.reserve(size); // exactly, so that no view is moved by the next piece
        head_.method = keep(r.method);
        head_.target = keep(r.target);
        head_.source_ip = keep(r.source_ip);
        headers_.reserve(r.headers.size());
        for (header_view const& h : r.headers) {
            std::string_view const name = keep(h.name);
            headers_.push_back({name, keep(h.value)});
        }
    }

    [[nodiscard]] std::string_view keep(std::string_view piece) {
        std::size_t const at = bytes_.size();
        bytes_.append(piece);
        return std::string_view{bytes_}.substr(at);
    }

    request_view head_;
    std::string bytes_;
    std::vector<header_view> headers_;
};

}

#endif
