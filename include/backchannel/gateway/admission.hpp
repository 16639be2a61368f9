// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_ADMISSION_HPP
#define BACKCHANNEL_GATEWAY_ADMISSION_HPP

#include <backchannel/config.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A number of places, taken and given back by any thread.
class place_counter {
public:
    /// 0: any number.
    explicit place_counter(std::size_t limit) noexcept : limit_{limit} {}

    [[nodiscard]] bool take() noexcept {
        if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_ || limit_ == 0) return true;
        give_back();
        return false;
    }
    void give_back() noexcept { taken_.fetch_sub(1, std::memory_order_relaxed); }

private:
    std::size_t const limit_;
    std::atomic<std::size_t> taken_{0};
};

/// So many places for each address. Any thread; an address that holds none costs nothing.
class places_per_address {
public:
    /// 0: any number, and nothing is counted.
    explicit places_per_address(std::size_t limit) noexcept : limit_{limit} {}

    /// An address with the number of its places that are taken.
    using entry = std::pair<std::string const, std::size_t>;

    [[nodiscard]] bool counts() const noexcept { return limit_ != 0; }

    /// The address that one more place has been taken of, there until it is given back; nullptr: there is none left.
    /// Throws std::bad_alloc, and nothing is taken. Precondition: `counts()`.
    [[nodiscard]] entry* take(std::string_view address) {
        std::lock_guard const lock{mutex_};
        entry& taken = *taken_.try_emplace(std::string{address}).first;
        if (taken.second == limit_) return nullptr;
        ++taken.second;
        return &taken;
    }
    void give_back(entry& taken) noexcept {
        std::lock_guard const lock{mutex_};
        if (--taken.second == 0) taken_.erase(taken_.find(taken.first));
    }

private:
    std::size_t const limit_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::size_t> taken_; // whose elements stay where they are
};

/// Who may come in: the limits on connections, and what each connection holds of them.
class admission {
public:
    admission(std::size_t connections, std::size_t per_address, std::size_t handshakes) noexcept
        : connections_{connections}, turned_away_{connections / 16 + 64}, handshakes_{handshakes}, addresses_{
                                                                                                       per_address} {}

    enum class limit : std::uint8_t { none, connections, address, handshakes };

    /// One connection's places, given back at its end.
    class permit {
    public:
        permit() noexcept = default;
        permit(permit&& other) noexcept { swap(other); }
        permit& operator=(permit&& other) noexcept {
            permit{std::move(other)}.swap(*this);
            return *this;
        }
        ~permit() {
            if (from_ == nullptr) return;
            if (handshake_) from_->handshakes_.give_back();
            if (address_ != nullptr) from_->addresses_.give_back(*address_);
            (reached_ == limit::none ? from_->connections_ : from_->turned_away_).give_back();
        }

        /// False: there is no room even for a refusal.
        explicit operator bool() const noexcept { return from_ != nullptr; }

        /// Which limit was reached; empty: none, the connection is let in.
        [[nodiscard]] std::string_view refusal() const noexcept {
            switch (reached_) {
            case limit::connections:
                return "Too many connections";
            case limit::address:
                return "Too many connections from one address";
            case limit::handshakes:
                return "Too many handshakes";
            case limit::none:
                break;
            }
            return {};
        }

        /// The first request is there.
        void handshake_done() noexcept {
            if (std::exchange(handshake_, false)) from_->handshakes_.give_back();
        }

    private:
        friend class admission;

        void swap(permit& other) noexcept {
            std::swap(from_, other.from_);
            std::swap(address_, other.address_);
            std::swap(reached_, other.reached_);
            std::swap(handshake_, other.handshake_);
        }

        admission* from_ = nullptr;
        places_per_address::entry* address_ = nullptr; // where it is counted
        limit reached_ = limit::none;
        bool handshake_ = false;
    };

    /// A connection from there has been accepted; `address` is empty if it is not to be counted.
    [[nodiscard]] permit enter(std::string_view address) {
        permit p;
        if (!connections_.take()) return refused(limit::connections);
        p.from_ = this; // from here on `p` gives back what it holds
        if (!address.empty() && addresses_.counts()) {
            p.address_ = addresses_.take(address);
            if (p.address_ == nullptr) return refused(limit::address);
        }
        p.handshake_ = handshakes_.take();
        return p.handshake_ ? std::move(p) : refused(limit::handshakes);
    }

private:
    /// Those that are told so are connections too.
    [[nodiscard]] permit refused(limit reached) noexcept {
        permit p;
        if (!turned_away_.take()) return p;
        p.from_ = this;
        p.reached_ = reached;
        return p;
    }

    place_counter connections_, turned_away_, handshakes_;
    places_per_address addresses_;
};

}

#endif
