// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// A server whose sockets belong to one thread: with `dispatch`, other threads may send, and the hub does it there. The
// loop's only other duty is to call expire() when next_deadline() has come.

#include <backchannel/backchannel.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

class event_loop {
public:
    void post(backchannel::task t) {
        std::lock_guard const lock{mutex_};
        tasks_.push_back(std::move(t));
        wake_.notify_one();
    }
    bool is_here() const { return std::this_thread::get_id() == id_; }

    template <class Hub>
    void run(Hub& hub, bool const& done) {
        id_ = std::this_thread::get_id(); // other threads may ask for it already
        std::unique_lock lock{mutex_};
        while (!done) {
            auto const deadline = hub.next_deadline();
            auto const ready = [&] { return !tasks_.empty() || done; };
            if (deadline) wake_.wait_until(lock, *deadline, ready);
            else wake_.wait(lock, ready);
            auto const tasks = std::exchange(tasks_, {});
            lock.unlock();
            for (auto const& task : tasks) task();
            hub.expire(std::chrono::steady_clock::now());
            lock.lock();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<backchannel::task> tasks_;
    std::atomic<std::thread::id> id_{};
};

struct connection {
    std::string received;
    backchannel::session tracked;
};

struct loop_transport {
    using handle = connection*; // the hub looks whether it is still open before it uses it, on the loop's thread
    static constexpr bool bounds_itself = true;
    event_loop* loop;

    backchannel::delivery send(handle const& h, backchannel::message const& m) {
        h->received.append(m.data()).append(" ");
        return backchannel::delivery::accepted;
    }
    void close(handle const& h, std::uint16_t code, std::string_view) {
        h->received.append("closed with " + std::to_string(code));
        h->tracked.closed(code);
    }
    void dispatch(handle const&, backchannel::task t) { loop->post(std::move(t)); }
    bool on_thread(handle const&) { return loop->is_here(); }
};

int main() {
    event_loop loop;
    backchannel::connection_hub hub{loop_transport{&loop}, {.idle_timeout = std::chrono::milliseconds{50}}};
    hub.on_deadline_earlier([&] { loop.post([] {}); });
    bool done = false;
    connection client;
    client.tracked = hub.open(&client); // before the loop runs, this thread is as good as the loop's
    std::string const id{client.tracked.id()};

    std::thread runner{[&] { loop.run(hub, done); }};
    for (std::string const word : {"sent", "from", "another", "thread"})
        hub.async_send(id, {word, backchannel::message_kind::text}, [](backchannel::delivery) {});
    while (hub.find(id)) std::this_thread::sleep_for(std::chrono::milliseconds{5}); // it is idle, so it will be closed
    loop.post([&] { done = true; });
    runner.join();
    std::cout << client.received << "\n";
    return client.received == "sent from another thread closed with 1001" ? 0 : 1;
}
