// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_PART_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_PART_HPP

#include <backchannel/gateway/worker.hpp>
#include <backchannel/support/outbox.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What a part of a connection uses of it as if it were its own, see `gateway_connection`. The connection owns it.
template <class Connection>
class connection_part {
protected:
    explicit connection_part(Connection& whole) noexcept : connection_{whole} {}
    ~connection_part() = default;

    connection_part(connection_part const&) = delete;
    connection_part& operator=(connection_part const&) = delete;

    [[nodiscard]] gateway_worker& worker() const noexcept { return connection_.worker(); }
    [[nodiscard]] auto const& owner() const noexcept { return connection_.owner(); }
    [[nodiscard]] std::weak_ptr<Connection> weak_connection() const {
        return std::static_pointer_cast<Connection>(connection_.shared_from_this());
    }

    [[nodiscard]] outbox& out() const { return connection_.out(); }
    [[nodiscard]] std::size_t queued() const noexcept { return connection_.queued(); }
    void send_soon() const { connection_.send_soon(); }

    void set_deadline(std::chrono::milliseconds wait, time_point since = std::chrono::steady_clock::now()) const {
        connection_.set_deadline(wait, since);
    }
    void clear_deadline() const { connection_.clear_deadline(); }
    void forget_deadline() const noexcept { connection_.forget_deadline(); }

    void resume_soon() const { connection_.resume_soon(); }
    void finish() const { connection_.finish(); }
    [[nodiscard]] bool peer_has_ended() const noexcept { return connection_.peer_has_ended(); }
    [[nodiscard]] bool finishing() const noexcept { return connection_.finishing(); }
    [[nodiscard]] bool closed() const noexcept { return connection_.closed(); }
    template <class F>
    void protect(F&& act) const {
        connection_.protect(std::forward<F>(act));
    }

    Connection& connection_;
};

}

#endif
