// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_GATEWAY_ADMISSION_HPP
#define BACKCHANNEL_GATEWAY_ADMISSION_HPP

#include <backchannel/config.hpp>

#include <atomic>
#include <cstddef>
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

    /// Throws std::bad_alloc, and nothing is taken.
    [[nodiscard]] bool take(std::string const& address) {
        if (limit_ == 0) return true;
        std::lock_guard const lock{mutex_};
        std::size_t& taken = taken_[address];
        if (taken == limit_) return false;
        ++taken;
        return true;
    }
    void give_back(std::string const& address) noexcept {
        if (limit_ == 0) return;
        std::lock_guard const lock{mutex_};
        auto const found = taken_.find(address);
        if (found != taken_.end() && --found->second == 0) taken_.erase(found);
    }

private:
    std::size_t const limit_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::size_t> taken_;
};

/// Who may come in: the limits on connections, and what each connection holds of them.
class admission {
public:
    admission(std::size_t connections, std::size_t per_address, std::size_t handshakes) noexcept
        : connections_{connections}, turned_away_{connections / 16 + 64}, handshakes_{handshakes}, addresses_{
                                                                                                       per_address} {}

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
            if (!address_.empty()) from_->addresses_.give_back(address_);
            (refusal_.empty() ? from_->connections_ : from_->turned_away_).give_back();
        }

        /// False: there is no room even for a refusal.
        explicit operator bool() const noexcept { return from_ != nullptr; }

        /// Which limit was reached; empty: none, the connection is let in.
        [[nodiscard]] std::string_view refusal() const noexcept { return refusal_; }

        /// The first request is there.
        void handshake_done() noexcept {
            if (std::exchange(handshake_, false)) from_->handshakes_.give_back();
        }

    private:
        friend class admission;

        void swap(permit& other) noexcept {
            std::swap(from_, other.from_);
            std::swap(refusal_, other.refusal_);
            std::swap(address_, other.address_);
            std::swap(handshake_, other.handshake_);
        }

        admission* from_ = nullptr;
        std::string_view refusal_{};
        std::string address_{}; // that has been counted
        bool handshake_ = false;
    };

    /// A connection from there has been accepted; `address` is empty if it is not to be counted.
    [[nodiscard]] permit enter(std::string address) {
        permit p;
        if (!connections_.take()) return refused("Too many connections");
        p.from_ = this; // from here on `p` gives back what it holds
        if (!address.empty()) {
            if (!addresses_.take(address)) return refused("Too many connections from one address");
            p.address_ = std::move(address);
        }
        p.handshake_ = handshakes_.take();
        return p.handshake_ ? std::move(p) : refused("Too many handshakes");
    }

private:
    /// Those that are told so are connections too.
    [[nodiscard]] permit refused(std::string_view limit) noexcept {
        permit p;
        if (!turned_away_.take()) return p;
        p.from_ = this;
        p.refusal_ = limit;
        return p;
    }

    place_counter connections_, turned_away_, handshakes_;
    places_per_address addresses_;
};

}

#endif
