// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SIMULATION_TRANSPORT_HPP
#define BACKCHANNEL_TESTS_SIMULATION_TRANSPORT_HPP

#include "simulation/ledger.hpp"
#include "simulation/plants.hpp"
#include "simulation/world.hpp"

#include <backchannel/connection.hpp>
#include <backchannel/message.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace simulation {

/// The server's side of one WebSocket, as the transport reaches it.
class web_socket {
public:
    virtual delivery send(backchannel::message const&) = 0;
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual void ping(std::string_view payload) = 0;
    virtual void drop() = 0;                                ///< ends it now, session included
    virtual void fail_soon() = 0;                           ///< the peer is gone, which the server is about to notice
    [[nodiscard]] virtual std::size_t unsent() const = 0;   ///< payload bytes that the network has not taken
    [[nodiscard]] virtual std::size_t buffered() const = 0; ///< the same with all that is between them

protected:
    ~web_socket() = default;
};

/// What all transports of one schedule share.
struct stage {
    world& w;
    ledger& book;
    plant planted = plant::none;
    int throws = 0, fails_inside = 0, loses = 0; ///< chances in a thousand
    std::size_t queue_limit = 0;
    bool bounds_itself = false, counts_written = false; ///< how the transport keeps its queue bounded
    bool hops = false;                                  ///< it has `dispatch`
    int held_back_for = -1;                             ///< of the plant that reorders
    backchannel::shared_message held_back{};

    [[nodiscard]] bool happens(int chance) { return w.faults && chance != 0 && w.random.chance(chance); }
};

/// A raw pointer, as servers use them: it dangles once the connection is gone.
class handle {
public:
    handle(stage& s, web_socket* w, int n, int l) : stage_{&s}, raw{w}, number{n}, loop{l} { ++s.book.handles; }
    handle(handle const& other) : stage_{other.stage_}, raw{other.raw}, number{other.number}, loop{other.loop} {
        ++stage_->book.handles;
    }
    handle& operator=(handle const&) = default;
    ~handle() { --stage_->book.handles; }

private:
    stage* stage_;

public:
    web_socket* raw;
    int number;
    int loop;
};

/// What every transport does. Calls are checked before the handle is followed.
struct base_transport {
    using handle = simulation::handle;

    stage* on;

    delivery send(handle const& h, backchannel::message const& m) {
        if (!allowed(h, "send")) return delivery::gone;
        if (on->happens(on->throws)) throw std::runtime_error{"send"};
        if (on->happens(on->fails_inside)) {
            if (on->w.random.chance(500)) {
                h.raw->drop(); // as if the socket had said so
                return delivery::gone;
            }
            h.raw->fail_soon();
            return delivery::gone;
        }
        if (on->bounds_itself && on->planted != plant::unbounded_queue &&
            h.raw->buffered() + m.data().size() > on->queue_limit)
            return delivery::backpressure;
        std::size_t const held = on->counts_written ? h.raw->unsent() : h.raw->buffered();
        delivery const result = on->planted == plant::none ? h.raw->send(m) : send_with_bugs(h, m);
        if (result == delivery::accepted) on->book.taken(m.data(), h.number, held);
        return result;
    }

    void close(handle const& h, std::uint16_t code, std::string_view reason) {
        if (!allowed(h, "close")) return;
        on->book.told_to_close(h.number);
        if (on->happens(on->throws)) {
            if (!on->book.terminates || on->w.random.chance(500))
                h.raw->fail_soon(); // else the hub has to terminate it
            throw std::runtime_error{"close"};
        }
        h.raw->close(code, reason);
    }

    delivery send_with_bugs(handle const& h, backchannel::message const& m) {
        if (on->planted == plant::swallowed_loss && on->w.random.chance(50)) return delivery::accepted;
        if (on->planted == plant::leaked_memory && on->w.random.chance(50))
            (void)new backchannel::shared_message{m.share()};
        if (on->planted == plant::sent_twice && on->w.random.chance(50)) (void)h.raw->send(m);
        if (on->planted == plant::reordered && on->held_back_for < 0 && on->w.random.chance(100)) {
            on->held_back = m.share();
            on->held_back_for = h.number;
            return delivery::accepted;
        }
        delivery const result = h.raw->send(m);
        if (on->held_back_for == h.number) {
            on->held_back_for = -1;
            (void)h.raw->send(on->held_back);
        }
        return result;
    }

    [[nodiscard]] bool allowed(handle const& h, std::string_view what) {
        on->w.note(what, " ", h.number);
        if (on->hops && on->w.current() != h.loop)
            on->w.violation("call on the wrong loop", std::string{what} + " of " + std::to_string(h.number));
        return on->book.may_call(h.number, what);
    }
};

template <class Base>
struct bounds_unsent : Base {
    static constexpr bool bounds_itself = true;
};

template <class Base>
struct counts_written : Base {
    static constexpr bool reports_written = true;
};

template <class Base>
struct tells_buffered : Base {
    std::size_t buffered(handle const& h) { return Base::allowed(h, "buffered") ? h.raw->buffered() : 0; }
};

/// Tasks run inline on the connection's loop; elsewhere they wait for it, or are lost.
template <class Base>
struct with_dispatch : Base {
    void dispatch(handle const& h, backchannel::task f) {
        stage& s = *Base::on;
        if (s.w.current() == h.loop) return f();
        if (s.happens(s.loses)) {
            s.w.note("task for ", h.number, " is lost");
            if (s.w.random.chance(300)) throw std::runtime_error{"dispatch"};
            if (s.w.random.chance(500)) s.w.post(h.loop, [f = std::move(f)] {}); // only when its turn comes
            return;
        }
        s.w.post(s.planted == plant::wrong_loop && s.w.random.chance(50) ? s.w.any_loop() : h.loop, std::move(f));
    }
};

template <class Base>
struct with_on_thread : Base {
    bool on_thread(handle const& h) { return Base::on->w.current() == h.loop; }
};

template <class Base>
struct with_thread_key : Base {
    int thread_key(handle const& h) { return h.loop; }
};

template <class Base>
struct with_ping : Base {
    void ping(handle const& h, std::string_view payload) {
        if (!Base::allowed(h, "ping")) return;
        if (Base::on->happens(Base::on->throws)) throw std::runtime_error{"ping"};
        h.raw->ping(payload);
    }
};

template <class Base>
struct with_terminate : Base {
    void terminate(handle const& h) {
        if (!Base::allowed(h, "terminate")) return;
        Base::on->book.terminated(h.number);
        h.raw->drop();
    }
};

using keyed_transport =
    with_terminate<with_ping<with_thread_key<with_on_thread<with_dispatch<bounds_unsent<base_transport>>>>>>;
using counted_transport = with_terminate<with_on_thread<with_dispatch<counts_written<base_transport>>>>;
using hopping_transport = with_ping<with_dispatch<tells_buffered<base_transport>>>;
using direct_transport = with_terminate<with_ping<bounds_unsent<base_transport>>>;
using lone_transport = tells_buffered<base_transport>;

}

#endif
