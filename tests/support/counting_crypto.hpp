// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_COUNTING_CRYPTO_HPP
#define BACKCHANNEL_TESTS_SUPPORT_COUNTING_CRYPTO_HPP

#include <backchannel/crypto/builtin.hpp>

#include <cstddef>
#include <string_view>

namespace test {

/// How much a thread has had hashed.
struct crypto_calls {
    std::size_t digests = 0; ///< results that were asked for
    std::size_t keys = 0;    ///< HMAC keys that were prepared
    std::size_t bytes = 0;   ///< of all messages
    std::size_t blocks = 0;  ///< of 64 bytes that were hashed, keys and paddings too

    friend bool operator==(crypto_calls const&, crypto_calls const&) = default;
    [[nodiscard]] static crypto_calls& current() noexcept {
        static thread_local crypto_calls calls;
        return calls;
    }
};

/// Counts for one message.
class message_blocks {
public:
    void add(std::string_view data) noexcept {
        crypto_calls::current().bytes += data.size();
        crypto_calls::current().blocks += (size_ % 64 + data.size()) / 64;
        size_ += data.size();
    }
    void end() noexcept {
        ++crypto_calls::current().digests;
        crypto_calls::current().blocks += size_ % 64 < 56 ? 1 : 2; // the padding takes nine bytes at least
    }

private:
    std::size_t size_ = 0;
};

/// The built-in provider, with every call counted.
struct counting_crypto {
    class sha256 {
    public:
        void update(std::string_view data) noexcept {
            blocks_.add(data);
            inner_.update(data);
        }
        [[nodiscard]] backchannel::crypto::sha256_digest finish() noexcept {
            blocks_.end();
            return inner_.finish();
        }

    private:
        backchannel::crypto::sha256 inner_;
        message_blocks blocks_;
    };

    class hmac_sha256 {
    public:
        explicit hmac_sha256(std::string_view key) noexcept : inner_{key} {
            ++crypto_calls::current().keys;
            crypto_calls::current().blocks += key.size() > 64 ? 4 : 2;
        }
        void update(std::string_view data) noexcept {
            blocks_.add(data);
            inner_.update(data);
        }
        [[nodiscard]] backchannel::crypto::sha256_digest finish() noexcept {
            blocks_.end();
            ++crypto_calls::current().blocks; // the outer hash
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
        message_blocks blocks_; // behind that of the key
    };
};

}

#endif
