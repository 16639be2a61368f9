// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_CONNECTION_SOCKET_HPP
#define BACKCHANNEL_GATEWAY_CONNECTION_SOCKET_HPP

#include <backchannel/gateway/stream.hpp>
#include <backchannel/gateway/worker.hpp>

#include <asio/post.hpp>

#include <memory>
#include <new>
#include <system_error>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A connection's stream, and the waits for its socket: the stream's own, or those of the worker's set.
template <class Owner, gateway_stream Stream>
class connection_socket : public worker_client {
public:
    [[nodiscard]] gateway_worker& worker() noexcept { return worker_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }

protected:
    static constexpr bool in_set = waits_in_set<Stream>;

    /// `owner` keeps the worker and its loop.
    connection_socket(std::shared_ptr<Owner> owner, gateway_worker& worker, Stream stream)
        : worker_{worker}, owner_{std::move(owner)}, stream_{std::move(stream)} {}
    ~connection_socket() override { (void)close_socket(); } // where it could not begin

    /// What was waited for has come.
    virtual void on_readable(std::error_code error) = 0;
    virtual void on_writable(std::error_code const& error) = 0;

    [[nodiscard]] Stream& stream() noexcept { return stream_; }
    [[nodiscard]] bool waits_to_read() const noexcept { return reading_; }
    [[nodiscard]] bool waits_to_write() const noexcept { return writing_; }

    /// Before all else: from now on it waits to read. Throws std::bad_alloc, also where the system has no room.
    void begin_to_wait() {
        if constexpr (in_set) {
            epoll_set* const set = worker_.sockets();
            if (set == nullptr || !set->add(stream_.native_handle(), *this, true, false)) throw std::bad_alloc{};
            known_ = reading_ = set_reads_ = true;
        }
    }

    /// Calls `on_readable` once, later: when `read_some` would have something to say.
    void wait_to_read() {
        if (std::exchange(reading_, true)) return;
        if constexpr (in_set) {
            tell_set();
        } else {
            auto on_ready = guarded_handler<connection_socket>(
                [](connection_socket& self, std::error_code const& error) { self.readable(error); });
            if (stream_.has_more())
                next_turn(std::move(on_ready));
            else if (stream_.read_wants_write())
                stream_.wait_writable(std::move(on_ready));
            else
                stream_.wait_readable(std::move(on_ready));
        }
    }

    /// Calls `on_writable` once, later.
    void wait_to_write() {
        if (std::exchange(writing_, true)) return;
        if constexpr (in_set)
            tell_set();
        else
            stream_.wait_writable(guarded_handler<connection_socket>(
                [](connection_socket& self, std::error_code const& error) { self.writable(error); }));
    }

    /// Nobody is called any more, and the stream is closed. False: so it was.
    [[nodiscard]] bool close_socket() noexcept {
        if (std::exchange(closed_, true)) return false;
        if constexpr (in_set)
            if (known_) worker_.sockets()->remove(stream_.native_handle(), *this);
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
    void readable(std::error_code const& error) {
        reading_ = false;
        on_readable(error);
    }
    void writable(std::error_code const& error) {
        writing_ = false;
        on_writable(error);
    }

    void tell_set() noexcept {
        if (set_reads_ == reading_ && set_writes_ == writing_) return;
        set_reads_ = reading_;
        set_writes_ = writing_;
        if constexpr (in_set) worker_.sockets()->wait(stream_.native_handle(), *this, reading_, writing_);
    }

    void on_ready(bool can_read, bool can_write) final {
        auto const self = shared_from_this();
        this->protect([&] {
            bool const reads = reading_ && can_read;
            if (writing_ && can_write) writable({});
            if (reads && !closed_) readable({});
            // That nothing more is read for a while the set is not told before something comes: mostly it does not.
            if (!closed_ && (reads != can_read || set_writes_ != writing_)) tell_set();
        });
    }

    // In the padding behind the base.
    bool closed_ = false;
    bool reading_ = false, writing_ = false;      // waits to
    bool known_ = false;                          // by the set
    bool set_reads_ = false, set_writes_ = false; // what that knows of the waits
    gateway_worker& worker_;

protected:
    std::shared_ptr<Owner> const owner_; // let go behind the stream, which is on its loop

private:
    [[no_unique_address]] Stream stream_; // so that what is derived takes the room behind it
};

}

#endif
