// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_SOCKET_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_SOCKET_HPP

#include <backchannel/gateway/stream.hpp>
#include <backchannel/gateway/worker.hpp>

#include <asio/post.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A connection's stream, and who waits for its socket: Asio, or the worker's set where the connection prefers that.
template <class Owner, gateway_stream Stream>
class connection_socket : public worker_client {
public:
    [[nodiscard]] gateway_worker& worker() noexcept { return worker_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// The connection will mostly be idle: the worker's set is to wait for its socket, which takes less memory. Not for
    /// a stream that needs Asio, nor where the system refuses it.
    void prefer_set() {
        if (!can_leave_asio || closed_ || by_ != waits_by::asio) return;
        by_ = waits_by::asio_no_more;
        if (reading_ || writing_) (void)wait_in_set();
    }

protected:
    /// `owner` keeps the worker and its loop.
    connection_socket(std::shared_ptr<Owner> owner, gateway_worker& worker, Stream stream)
        : worker_{worker}, owner_{std::move(owner)}, stream_{std::move(stream)} {}

    /// What was waited for has come.
    virtual void on_readable(std::error_code error) = 0;
    virtual void on_writable(std::error_code const& error) = 0;

    [[nodiscard]] Stream& stream() noexcept { return stream_; }
    [[nodiscard]] bool waits_to_read() const noexcept { return reading_; }
    [[nodiscard]] bool waits_to_write() const noexcept { return writing_; }

    /// Calls `on_readable` once, later: when `read_some` would have something to say.
    void wait_to_read() {
        if (std::exchange(reading_, true) || wait_in_set()) return;
        auto on_ready = guarded_handler<connection_socket>([](connection_socket& self, std::error_code const& error) {
            if (self.by_ != waits_by::set) self.readable(error); // else this was given up for the set's wait
        });
        if (stream_.has_more())
            next_turn(std::move(on_ready));
        else if (stream_.read_wants_write())
            stream_.wait_writable(std::move(on_ready));
        else
            stream_.wait_readable(std::move(on_ready));
    }

    /// Calls `on_writable` once, later.
    void wait_to_write() {
        if (std::exchange(writing_, true) || wait_in_set()) return;
        stream_.wait_writable(
            guarded_handler<connection_socket>([](connection_socket& self, std::error_code const& error) {
                if (self.by_ != waits_by::set) self.writable(error);
            }));
    }

    /// Nobody is called any more, and the stream is closed. False: so it was.
    [[nodiscard]] bool close_socket() noexcept {
        if (std::exchange(closed_, true)) return false;
        if constexpr (can_leave_asio)
            if (by_ == waits_by::set) worker_.sockets()->remove(stream_.native_handle(), *this);
        stream_.close();
        return true;
    }

    /// A handler for the loop that calls an `F`, which captures nothing, with this and the error; a throw ends this
    /// connection only.
    template <class Self, class F>
    [[nodiscard]] auto guarded_handler(F) {
        return [self = std::static_pointer_cast<Self>(shared_from_this())](std::error_code const& error) {
            self->worker_.on_event([&] {
                self->protect([&] {
                    if (!self->closed_) F{}(*self, error); // made anew, so that the handler is one pointer only
                });
            });
        };
    }

    template <class Handler>
    void next_turn(Handler handler) {
        asio::post(worker_.executor(), [f = std::move(handler)] { f({}); });
    }

private:
    static constexpr bool can_leave_asio = requires(Stream& s) {
        { s.leave_asio() } noexcept;
        { s.native_handle() } -> std::same_as<int>;
    };

    /// Who waits for the socket. `asio_no_more`: from the next wait on the set does; nobody waits until then.
    enum class waits_by : std::uint8_t { asio, asio_no_more, set };

    void readable(std::error_code const& error) {
        reading_ = false;
        on_readable(error);
    }
    void writable(std::error_code const& error) {
        writing_ = false;
        on_writable(error);
    }

    /// The set waits for what is waited for. False: it is Asio that has to.
    [[nodiscard]] bool wait_in_set() noexcept {
        if constexpr (can_leave_asio) {
            if (by_ == waits_by::asio || (by_ == waits_by::set && set_reads_ == reading_ && set_writes_ == writing_))
                return by_ == waits_by::set;
            set_reads_ = reading_;
            set_writes_ = writing_;
            if (by_ == waits_by::set) {
                worker_.sockets()->wait(stream_.native_handle(), *this, reading_, writing_);
            } else {
                epoll_set* const set = worker_.sockets();
                bool const taken = set != nullptr && set->add(stream_.native_handle(), *this, reading_, writing_);
                by_ = taken ? waits_by::set : waits_by::asio;
                if (taken) stream_.leave_asio();
            }
        }
        return by_ == waits_by::set;
    }

    void on_ready(bool can_read, bool can_write) final {
        auto const self = shared_from_this();
        worker_.on_event([&] {
            this->protect([&] {
                bool const reads = reading_ && can_read;
                if (writing_ && can_write) writable({});
                if (reads && !closed_) readable({});
                if (!closed_) (void)wait_in_set(); // for what is waited for no more
            });
        });
    }

    // In the padding behind the base.
    bool closed_ = false;
    bool reading_ = false, writing_ = false;      // waits to
    bool set_reads_ = false, set_writes_ = false; // what the set knows of that
    waits_by by_ = waits_by::asio;
    gateway_worker& worker_;

protected:
    std::shared_ptr<Owner> const owner_; // let go behind the stream, which is on its loop

private:
    [[no_unique_address]] Stream stream_; // so that what is derived takes the room behind it
};

}

#endif
