// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_LOAD_BODY_HPP
#define BACKCHANNEL_BENCHMARKS_LOAD_BODY_HPP

#include <backchannel/crypto/sha256.hpp>
#include <backchannel/protocol/hex.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// What names a request: the slot that it occupies, and how many that slot has had before it.
struct label {
    std::uint32_t slot = 0;
    std::uint32_t number = 0;

    static constexpr std::size_t size = 16;

    [[nodiscard]] std::array<char, size> text() const {
        std::array<std::uint8_t, 8> bytes{};
        for (std::size_t i = 0; i != 4; ++i) {
            bytes[i] = static_cast<std::uint8_t>(slot >> (24 - 8 * i));
            bytes[i + 4] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
        }
        std::array<char, size> out{};
        backchannel::protocol::hex_encode(bytes, out.data());
        return out;
    }

    [[nodiscard]] static std::optional<label> read(std::string_view text) {
        auto const bytes = backchannel::protocol::hex_decode<8>(text);
        if (!bytes) return std::nullopt;
        label found;
        for (std::size_t i = 0; i != 4; ++i) {
            found.slot = found.slot << 8 | (*bytes)[i];
            found.number = found.number << 8 | (*bytes)[i + 4];
        }
        return found;
    }
};

/// The bodies of one run: the same text each time, and a label behind it, so that the hash of the text is made once.
class bodies {
public:
    explicit bodies(std::size_t size) : text_(size - label::size, '\0') {
        for (std::size_t i = 0; i != text_.size(); ++i) text_[i] = static_cast<char>('a' + i % 23);
        hashed_.update(text_);
    }

    [[nodiscard]] std::size_t size() const { return text_.size() + label::size; }
    [[nodiscard]] std::string_view text() const { return text_; }

    [[nodiscard]] backchannel::crypto::sha256_digest digest(label of) const {
        auto hash = hashed_;
        auto const end = of.text();
        hash.update({end.data(), end.size()});
        return hash.finish();
    }

private:
    std::string text_;
    backchannel::crypto::sha256 hashed_;
};

/// One message as it arrives: how much of it, and the label at its end.
class arrival {
public:
    explicit arrival(bodies const& expected) : expected_{&expected} {}

    /// The next piece; `verify` compares its bytes.
    void take(std::string_view piece, bool verify) {
        std::string_view const text = expected_->text();
        std::size_t const at = size_;
        size_ += piece.size();
        if (at < text.size()) {
            std::string_view const part = piece.substr(0, text.size() - at);
            if (verify && part != text.substr(at, part.size())) altered_ = true;
            piece.remove_prefix(part.size());
        }
        std::size_t const from = at < text.size() ? 0 : at - text.size();
        if (from + piece.size() > label_.size())
            altered_ = true;
        else if (!piece.empty())
            std::memcpy(label_.data() + from, piece.data(), piece.size());
    }

    /// The label of the whole message, nothing if it was altered. Then it begins anew.
    [[nodiscard]] std::optional<label> end() {
        bool const good = !altered_ && size_ == expected_->size();
        size_ = 0;
        altered_ = false;
        return good ? label::read({label_.data(), label_.size()}) : std::nullopt;
    }

private:
    bodies const* expected_;
    std::size_t size_ = 0;
    std::array<char, label::size> label_{};
    bool altered_ = false;
};

}

#endif
