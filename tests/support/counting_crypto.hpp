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

    friend bool operator==(crypto_calls const&, crypto_calls const&) = default;
    [[nodiscard]] static crypto_calls& current() noexcept {
        static thread_local crypto_calls calls;
        return calls;
    }
};

/// The built-in provider, with every call counted.
struct counting_crypto {
    class sha256 {
    public:
        void update(std::string_view data) noexcept {
            crypto_calls::current().bytes += data.size();
            inner_.update(data);
        }
        [[nodiscard]] backchannel::crypto::sha256_digest finish() noexcept {
            ++crypto_calls::current().digests;
            return inner_.finish();
        }

    private:
        backchannel::crypto::sha256 inner_;
    };

    class hmac_sha256 {
    public:
        explicit hmac_sha256(std::string_view key) noexcept : inner_{key} { ++crypto_calls::current().keys; }
        void update(std::string_view data) noexcept {
            crypto_calls::current().bytes += data.size();
            inner_.update(data);
        }
        [[nodiscard]] backchannel::crypto::sha256_digest finish() noexcept {
            ++crypto_calls::current().digests;
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
    };
};

}

#endif
