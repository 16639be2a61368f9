// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_COUNTS_COUNTING_BLOCKS_HPP
#define BACKCHANNEL_BENCHMARKS_COUNTS_COUNTING_BLOCKS_HPP

#include <backchannel/auth/sigv4.hpp>

#include <cstdint>
#include <string_view>

namespace bench {

/// A crypto provider that hashes with the built-in one and counts the blocks of 64 bytes.
struct counting_blocks {
    static inline std::uint64_t count = 0;

    class sha256 {
    public:
        void update(std::string_view data) noexcept {
            count += (size_ % 64 + data.size()) / 64;
            size_ += data.size();
            inner_.update(data);
        }
        [[nodiscard]] backchannel::crypto::sha256_digest finish() noexcept {
            count += size_ % 64 < 56 ? 1 : 2; // the padding takes nine bytes at least
            return inner_.finish();
        }
        [[nodiscard]] static backchannel::crypto::sha256_digest digest(std::string_view message) noexcept {
            sha256 hash;
            hash.update(message);
            return hash.finish();
        }

    private:
        backchannel::crypto::sha256 inner_;
        std::uint64_t size_ = 0;
    };

    class hmac_sha256 {
    public:
        explicit hmac_sha256(std::string_view key) noexcept : inner_{key} { count += key.size() > 64 ? 4 : 2; }
        void update(std::string_view data) noexcept {
            count += (size_ % 64 + data.size()) / 64;
            size_ += data.size();
            inner_.update(data);
        }
        [[nodiscard]] backchannel::crypto::sha256_digest finish() noexcept {
            count += (size_ % 64 < 56 ? 1 : 2) + 1; // and the outer hash
            return inner_.finish();
        }
        [[nodiscard]] static backchannel::crypto::sha256_digest digest(std::string_view key,
                                                                       std::string_view message) noexcept {
            hmac_sha256 mac{key};
            mac.update(message);
            return mac.finish();
        }

    private:
        backchannel::crypto::hmac_sha256 inner_;
        std::uint64_t size_ = 64; // the key's block
    };
};

}

#endif
