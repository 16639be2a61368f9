// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_OUTBOX_HPP
#define BACKCHANNEL_SUPPORT_OUTBOX_HPP

#include <backchannel/message.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Bytes that wait for a socket, in order.
///
/// Small texts are gathered into one piece; a shared message is kept as it is and never copied. Between `gather` and
/// `consume` the bytes that were gathered stay where they are, so a write may be under way meanwhile. Not thread-safe.
class outbox {
public:
    outbox() noexcept = default;
    /// `most_kept`: the largest buffer that is kept for the next turn, in bytes.
    explicit outbox(std::size_t most_kept) noexcept : most_kept_{most_kept} {}

    /// Bytes that wait.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Of an empty one: bytes of the buffer that it has kept.
    [[nodiscard]] std::size_t kept() const noexcept { return pieces_.empty() ? 0 : pieces_[0].text.capacity(); }
    /// Whether `gather` gives one piece at most.
    [[nodiscard]] bool is_one_piece() const noexcept { return pieces_.size() <= first_ + 1; }

    /// Where a text may be appended; `appended(n)` must follow with the number of bytes that were.
    [[nodiscard]] std::string& tail() {
        if (pieces_.size() <= gathered_ || pieces_.back().shared)
            pieces_.emplace_back().text.reserve(256); // beyond any inline buffer: the bytes stay when pieces_ grows
        return pieces_.back().text;
    }
    void appended(std::size_t n) noexcept { size_ += n; }

    void append(std::string_view text) {
        tail().append(text);
        appended(text.size());
    }

    /// Queues what `write(text)` appends; nothing if it returns false or throws.
    template <class F>
    bool append_by(F&& write) {
        struct change {
            std::string& text;
            std::size_t const before = text.size();
            bool good = false;
            ~change() {
                if (!good) text.resize(before);
            }
        } made{tail()};
        made.good = write(made.text);
        if (made.good) appended(made.text.size() - made.before);
        return made.good;
    }

    /// Queues the frame of a shared message.
    void append(shared_message m) {
        std::size_t const size = m.frame().size();
        pieces_.push_back({std::move(m), {}});
        size_ += size;
    }

    /// The first bytes that wait, as up to `out.size()` pieces; returns how many.
    [[nodiscard]] std::size_t gather(std::span<std::string_view> out) noexcept {
        if (empty()) return 0;
        std::size_t n = 0;
        while (n != out.size() && first_ + n != pieces_.size()) {
            out[n] = pieces_[first_ + n].bytes();
            ++n;
        }
        if (n != 0) out[0].remove_prefix(written_);
        gathered_ = first_ + n;
        return n;
    }

    /// The socket has taken the first `n` of the bytes that were gathered.
    void consume(std::size_t n) {
        size_ -= n;
        n += written_;
        while (first_ != pieces_.size() && n >= pieces_[first_].bytes().size()) {
            n -= pieces_[first_].bytes().size();
            ++first_;
        }
        written_ = n;
        gathered_ = 0;
        if (first_ == pieces_.size()) {
            reset();
        } else if (first_ >= 32) {
            pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
    }

    void clear() noexcept {
        size_ = 0;
        reset();
    }

private:
    struct piece {
        shared_message shared;
        std::string text;
        [[nodiscard]] std::string_view bytes() const noexcept {
            return shared ? shared.frame() : std::string_view{text};
        }
    };

    void reset() noexcept {
        // one small buffer is kept for the next turn
        if (pieces_.size() == 1 && !pieces_[0].shared && pieces_[0].text.capacity() <= most_kept_)
            pieces_[0].text.clear();
        else
            std::vector<piece>{}.swap(pieces_);
        first_ = 0;
        written_ = 0;
        gathered_ = 0;
    }

    std::vector<piece> pieces_;
    std::size_t first_ = 0;    // pieces before it are written
    std::size_t written_ = 0;  // bytes of the first piece that are written
    std::size_t gathered_ = 0; // pieces before it must not change
    std::size_t size_ = 0;
    std::size_t most_kept_ = 1024;
};

}

#endif
