// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_HUB_SEND_MEMORY_HPP
#define BACKCHANNEL_HUB_SEND_MEMORY_HPP

#include <backchannel/completion.hpp>
#include <backchannel/connection_id.hpp>
#include <backchannel/crypto/sha256.hpp>
#include <backchannel/hub_options.hpp>
#include <backchannel/message.hpp>
#include <backchannel/support/guarded.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What became of the sends of a hub that came with a key of the caller's, so that a repeated one is done once. Any
/// thread; no lock is held while a completion runs. Must outlive what `begin` returns.
///
/// At most `sends_remembered` sends are known, each for `send_memory_time` from its answer on; one more takes the place
/// of the oldest. A message that was certainly not sent is forgotten at once, so that its repetition is a new attempt.
template <class Traits>
class send_memory {
public:
    using digest = crypto::sha256_digest;

    /// Callers that may wait for the answer of one send; more are told `unknown`.
    static constexpr std::size_t max_waiting = 64;

    send_memory(typename Traits::clock const& clock, hub_options const& options) noexcept
        : clock_{clock}, capacity_{options.sends_remembered}, kept_{options.send_memory_time} {}

    send_memory(send_memory const&) = delete;
    send_memory& operator=(send_memory const&) = delete;

    [[nodiscard]] bool is_on() const noexcept { return capacity_ != 0; }

    /// One of these is one send: of that message, to that connection, under that key.
    [[nodiscard]] static digest digest_of(connection_id const& id, std::string_view key, message const& m) noexcept {
        crypto::sha256 hash;
        // the size comes first, so that no part of a key can pass for one of a body
        std::uint64_t const head[] = {key.size(), static_cast<std::uint64_t>(m.kind())};
        hash.update({reinterpret_cast<char const*>(head), sizeof head});
        hash.update(id.text());
        hash.update(key);
        hash.update(m.data());
        return hash.finish();
    }

    [[nodiscard]] bool knows(digest const& d) {
        time_point const now = clock_.steady();
        std::lock_guard const lock{mutex_};
        auto const found = places_.find(d);
        return found != places_.end() && !is_over(*found->second, now);
    }

    /// The completion to send with. Empty: that has been done before, and `done` has the answer or will have it.
    ///
    /// A caller that must not wait is told `unknown` while the first send is under way.
    [[nodiscard]] completion<delivery> begin(digest const& d, completion<delivery> done, bool may_wait) {
        time_point const now = clock_.steady();
        std::optional<delivery> answer;
        {
            std::lock_guard const lock{mutex_};
            auto const found = places_.find(d);
            if (found != places_.end() && !is_over(*found->second, now)) {
                send& first = *found->second;
                answer = first.result;
                if (!answer && (!may_wait || !add(first.waiting, done))) answer = delivery::unknown;
            } else {
                if (found != places_.end()) forget(found->second);
                auto const made = insert(d, done);
                if (!made) return done; // without memory there is nothing to repeat it from
                return [this, made = *made](delivery result) { finish(made, result); };
            }
        }
        if (answer) done(*answer);
        return {};
    }

private:
    struct send;
    using send_list = std::list<send>;
    using place = typename send_list::iterator;
    using place_map = std::map<digest, place>;

    struct send {
        typename place_map::iterator known{};
        std::optional<delivery> result{}; ///< none: under way
        time_point answered{};
        std::vector<completion<delivery>> waiting{};
    };

    [[nodiscard]] bool is_over(send const& s, time_point now) const noexcept {
        return s.result && kept_.count() > 0 && now - s.answered > kept_;
    }

    /// Leaves `done` alone if it fails.
    [[nodiscard]] static bool add(std::vector<completion<delivery>>& waiting, completion<delivery>& done) {
        return waiting.size() < max_waiting && guarded([&] { waiting.push_back(std::move(done)); });
    }

    /// Takes `done` only if the send is remembered.
    [[nodiscard]] std::optional<place> insert(digest const& d, completion<delivery>& done) {
        send_list made;
        bool const whole = guarded([&] {
            made.emplace_back().waiting.reserve(1);
            made.front().known = places_.emplace(d, made.begin()).first;
        });
        if (!whole) return std::nullopt;
        made.front().waiting.push_back(std::move(done));
        sends_.splice(sends_.end(), made);
        if (places_.size() > capacity_) forget(sends_.begin());
        return std::prev(sends_.end());
    }

    void forget(place s) noexcept {
        places_.erase(s->known);
        s->known = places_.end();
        if (s->result)
            sends_.erase(s);
        else
            forgotten_.splice(forgotten_.end(), sends_, s); // it still owes answers
    }

    void finish(place s, delivery result) {
        time_point const now = clock_.steady();
        std::vector<completion<delivery>> waiting;
        {
            std::lock_guard const lock{mutex_};
            waiting.swap(s->waiting);
            s->result = result;
            s->answered = now;
            if (s->known == places_.end())
                forgotten_.erase(s);
            else if (result != delivery::accepted && result != delivery::unknown)
                forget(s);
        }
        for (auto& done : waiting) done(result);
    }

    typename Traits::clock const& clock_;
    std::size_t const capacity_;
    std::chrono::milliseconds const kept_;
    typename Traits::mutex mutex_{};
    place_map places_;
    send_list sends_, forgotten_; ///< in the order in which they began; those that are under way, but known no more
};

}

#endif
