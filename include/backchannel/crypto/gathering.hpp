// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_CRYPTO_GATHERING_HPP
#define BACKCHANNEL_CRYPTO_GATHERING_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::crypto {

/// A sink for small pieces of text in front of a hash, which gets many blocks of them at once.
///
/// `Hash` has `update` and `finish`. Nothing is allocated. Not thread-safe.
template <class Hash>
class gathering {
public:
    gathering() noexcept = default;
    explicit gathering(Hash const& hash) noexcept : hash_{hash} {}

    // inline, as most pieces are single characters that the compiler knows
    [[gnu::always_inline]] void operator()(std::string_view piece) noexcept {
        if (piece.size() > bytes_.size() - size_) return put_long(piece);
        if (piece.empty()) return; // its pointer may be null, which memcpy doesn't take
        std::memcpy(bytes_.data() + size_, piece.data(), piece.size());
        size_ += piece.size();
    }

    /// The digest of all pieces; the object is used up.
    [[nodiscard]] auto finish() noexcept {
        flush();
        return hash_.finish();
    }

private:
    void put_long(std::string_view piece) noexcept {
        flush();
        hash_.update(piece);
    }
    void flush() noexcept {
        hash_.update({bytes_.data(), size_});
        size_ = 0;
    }

    Hash hash_;
    std::size_t size_ = 0;
    std::array<char, 512> bytes_;
};

}

#endif
