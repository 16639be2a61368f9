// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_PARTIAL_REQUEST_HPP
#define BACKCHANNEL_SUPPORT_PARTIAL_REQUEST_HPP

#include <backchannel/http.hpp>
#include <backchannel/protocol/http1_body.hpp>
#include <backchannel/protocol/http1_request.hpp>
#include <backchannel/support/arriving_request.hpp>
#include <backchannel/support/owned_request.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// An HTTP/1.1 request whose body is still arriving: a router's, or else the application's. Does not move.
class partial_request {
public:
    enum class progress : std::uint8_t {
        need_more,
        complete, ///< what is left of the bytes belongs to the next request
        failed    ///< see `error`
    };

    /// Bytes of a body from which on it is worth a copy, if the router can hash it beside others.
    static constexpr std::size_t worth_keeping = 16384;

    /// Bytes of a body of up to `limit` that will come, as far as its head tells.
    [[nodiscard]] static std::size_t expected(http1::request_head const& head, std::size_t limit) noexcept {
        return static_cast<std::size_t>(std::min<std::uint64_t>(head.content_length.value_or(0), limit));
    }

    /// `managed`: what the router has begun; none: the request is the application's.
    partial_request(request_view const& request, http1::request_head const& head, std::size_t limit,
                    std::unique_ptr<arriving_request> managed)
        : managed_{std::move(managed)}, reader_{head, limit}, is_counted_{head.content_length.has_value()},
          expects_continue_{head.expect_continue && head.minor_version > 0} {
        if (managed_ != nullptr) return;
        own_.emplace(request);
        own_->body.expect(expected(head, limit));
    }

    /// Takes what belongs to the body off the front of `rest`.
    [[nodiscard]] progress read(std::string_view& rest) {
        http1::body_reader::step step;
        do {
            step = reader_.next(rest);
            append(step.data);
            rest.remove_prefix(step.consumed);
        } while (!step.done && step.error == http1::parse_error::none && step.consumed != 0);
        error_ = step.error;
        if (error_ != http1::parse_error::none) return progress::failed;
        return step.done ? progress::complete : progress::need_more;
    }

    [[nodiscard]] http1::parse_error error() const noexcept { return error_; }

    /// Memory where the next bytes may be received, if they then are shown to `read` with nothing in front of them.
    /// None: the body comes in chunks, or nothing of it is needed.
    [[nodiscard]] std::span<char> room() {
        if (!is_counted_) return {};
        return managed_ != nullptr ? managed_->room() : own_->body.room();
    }

    /// Whether the client waits for a 100 before it sends the body; true once.
    [[nodiscard]] bool take_expect_continue() noexcept { return std::exchange(expects_continue_, false); }

    /// The router's; nullptr if it is the application's.
    [[nodiscard]] arriving_request* managed() const noexcept { return managed_.get(); }
    /// Precondition: it is the application's.
    [[nodiscard]] request_view view() const noexcept { return own_->view(); }

private:
    void append(std::string_view piece) {
        if (managed_ != nullptr)
            managed_->append(piece);
        else
            own_->body.append(piece);
    }

    std::unique_ptr<arriving_request> managed_;
    std::optional<owned_request> own_;
    http1::body_reader reader_;
    bool const is_counted_; // its length is known
    bool expects_continue_;
    http1::parse_error error_ = http1::parse_error::none;
};

}

#endif
