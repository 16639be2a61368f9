// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Messages hashed side by side, in any order of pieces, ends and turns: each gets the digest of its own bytes, once.

#include "fuzz.hpp"
#include "support/random.hpp"

#include <backchannel/crypto/sha256_lanes.hpp>

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

using namespace backchannel;
using fuzz::require;

namespace {

using message = crypto::sha256_lanes::message;

constexpr std::size_t most_bytes = 256 * 1024; // of all messages of an input
constexpr std::size_t longest_piece = 12'000;

/// Bytes of a message in memory of their own, which goes as soon as it may: whoever reads them later is noticed.
struct pieces {
    std::string all{}; // what the digest is of
    std::vector<std::unique_ptr<std::string>> there{};
    bool told = false;

    /// The next ones; `adjoining`: right behind the last, as long as there is room.
    [[nodiscard]] std::string_view add(std::string_view bytes, bool adjoining) {
        all.append(bytes);
        bool const fits =
            adjoining && !there.empty() && there.back()->capacity() - there.back()->size() >= bytes.size();
        if (!fits) {
            there.push_back(std::make_unique<std::string>());
            there.back()->reserve(adjoining ? 3 * longest_piece : bytes.size());
        }
        std::string& block = *there.back();
        block.append(bytes);
        return std::string_view{block}.substr(block.size() - bytes.size());
    }
};

struct sender {
    std::unique_ptr<message> hashed{};
    std::shared_ptr<pieces> sent{};
};

class event_loop {
public:
    void run(fuzz::input& in) {
        while (!in.text().empty()) {
            std::uint8_t const step = in.byte();
            act(step % 8u, senders_[step / 8u % senders_.size()], in);
        }
        for (sender& s : senders_) drop(s);
    }

    ~event_loop() { // with the turn ended by force
        lanes_.reset();
        for (auto const& sent : finished_) require(sent->told, "a message that is finished gets its digest");
    }

private:
    void act(unsigned what, sender& s, fuzz::input& in) {
        switch (what) {
        case 0:
        case 1:
        case 2:
            return append(s, in.number(longest_piece), what == 0);
        case 3:
            if (!s.hashed) return;
            s.hashed->settle();
            return s.sent->there.clear();
        case 4:
            return finish(s);
        case 5:
            return drop(s);
        case 6:
            return end_turn();
        default:
            wake_fails_ = !wake_fails_;
        }
    }

    void append(sender& s, std::size_t size, bool adjoining) {
        if (bytes_ + size > most_bytes) return;
        static std::string const source = test::random_source{}.bytes(1 << 16);
        std::string_view const bytes{source.data() + bytes_ % (source.size() - longest_piece), size};
        bytes_ += size;
        if (!s.hashed) s = {std::make_unique<message>(*lanes_), std::make_shared<pieces>()};
        s.hashed->append(s.sent->add(bytes, adjoining));
    }

    void finish(sender& s) {
        if (!s.hashed) return;
        finished_.push_back(s.sent);
        message::finish(std::move(s.hashed), [sent = std::move(s.sent)](crypto::sha256_digest const& digest) {
            require(!std::exchange(sent->told, true), "a digest is told once");
            require(digest == crypto::sha256::digest(sent->all), "it is that of the message's own bytes");
            sent->there.clear();
        });
    }

    void drop(sender& s) { s = {}; }

    void end_turn() {
        if (!std::exchange(woken_, false)) return;
        lanes_->settle();
        for (auto const& sent : finished_) require(sent->told, "the end of the turn is not outlived");
    }

    void wake() {
        if (wake_fails_) throw std::runtime_error{"no memory"};
        require(!std::exchange(woken_, true), "the loop is woken once in a turn");
    }

    bool woken_ = false, wake_fails_ = false;
    std::size_t bytes_ = 0;
    std::unique_ptr<crypto::sha256_lanes> lanes_ = std::make_unique<crypto::sha256_lanes>([this] { wake(); });
    std::array<sender, 4> senders_{}; // before the lanes go, so do they
    std::vector<std::shared_ptr<pieces>> finished_{};
};

}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, std::min<std::size_t>(size, 512)};
    event_loop{}.run(in);
    return 0;
}
