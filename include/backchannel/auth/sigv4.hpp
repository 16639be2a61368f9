// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_SIGV4_HPP
#define BACKCHANNEL_AUTH_SIGV4_HPP

#include <backchannel/auth/access_keys.hpp>
#include <backchannel/auth/signing_key_cache.hpp>
#include <backchannel/auth/sigv4_request.hpp>
#include <backchannel/concepts.hpp>
#include <backchannel/crypto/builtin.hpp>
#include <backchannel/crypto/constant_time.hpp>
#include <backchannel/crypto/gathering.hpp>
#include <backchannel/crypto/sha256_lanes.hpp>
#include <backchannel/protocol/hex.hpp>
#include <backchannel/traits.hpp>

#include <array>
#include <concepts>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace backchannel::inline BACKCHANNEL_ABI {

/// What `sigv4` is made of, apart from its keys.
struct default_sigv4_traits {
    using clock = system_clocks;
    using mutex = std::mutex;       ///< guards the cache of signing keys
    using crypto = crypto::builtin; ///< `sha256` and `hmac_sha256`; see crypto/openssl.hpp for another
};

/// Verifies AWS Signature Version 4, in the `Authorization` header and in presigned URLs.
///
/// A request is verified or refused, on every path: the body's hash is computed from the bytes received, every
/// `x-amz-*` header must be signed, credentials come from one place, scope and date are checked, and the signature is
/// compared in constant time. An unknown key costs the same work as a known one with a scope that it has used before.
///
/// `Keys` is where access keys are looked up: `static_keys`, a function, or a type with `find` or `async_find`
/// (auth/access_keys.hpp). Region and public hosts that are not set here are taken from the router's options.
///
/// Thread safety: every member may be called from any thread at the same time if `Keys` may be, but for `configure`.
template <class Keys, class Traits = default_sigv4_traits>
class sigv4 {
    static_assert(check_key_source<Keys>());

    using hmac = typename Traits::crypto::hmac_sha256;
    using sha = typename Traits::crypto::sha256;

public:
    static constexpr bool finds_at_once = has_find<Keys> || finds_when_called<Keys>;

    explicit sigv4(Keys keys, sigv4_options options = {}, typename Traits::clock clock = {})
        : options_{std::move(options)}, clock_{std::move(clock)},
          cache_{std::make_unique<signing_key_cache<hmac, typename Traits::mutex>>()}, keys_{std::move(keys)} {}

    /// Takes over what was not set, and what belongs to answers. Called by the router once.
    void configure(router_options const& router) {
        if (options_.region.empty()) options_.region = router.region;
        if (options_.public_hosts.empty()) options_.public_hosts = router.public_hosts;
        options_.echo_canonical_request = options_.echo_canonical_request || router.echo_canonical_request;
    }

    /// One verification while the body arrives.
    ///
    /// Borrows the head until `finish` has reported. Move-only; may outlive nothing of the authorizer.
    class verification {
    public:
        /// Has the body hashed beside others. Precondition: none of it has come.
        void join(crypto::sha256_lanes& lanes) requires std::same_as<sha, crypto::sha256> {
            shared_ = std::make_unique<crypto::sha256_lanes::message>(lanes);
        }
        /// The pieces may go.
        void settle() noexcept requires std::same_as<sha, crypto::sha256> {
            if (shared_ != nullptr) shared_->settle();
        }

        /// The next piece of the body. After `join` it must stay where it is until `settle`, or until `finish` has
        /// reported.
        void append(std::string_view piece) noexcept {
            if (shared_ != nullptr)
                shared_->append(piece);
            else
                body_.update(piece);
        }

        /// Looks the key up if that is still to be done, and reports.
        void finish(completion<auth_decision> done) {
            if (request_.refusal()) return done(*request_.refusal());
            if (shared_ == nullptr) return report(body_.finish(), std::move(done));
            auto held = std::make_unique<verification>(std::move(*this));
            auto hash = std::move(held->shared_);
            auto report = [held = std::move(held), done = std::move(done)](crypto::sha256_digest const& body) mutable {
                held->report(body, std::move(done));
            };
            crypto::sha256_lanes::message::finish(std::move(hash), std::move(report));
        }

        /// The same for keys that are found at once. Precondition: `join` has not been called.
        [[nodiscard]] auth_decision decide() {
            static_assert(finds_at_once, "these keys take their time: use finish()");
            if (request_.refusal()) return *request_.refusal();
            return decide(body_.finish());
        }

    private:
        friend class sigv4;
        verification(sigv4& self, request_view const& head)
            : self_{&self}, request_{sigv4_request::read(head, self.options_)} {}

        [[nodiscard]] auth_decision decide(crypto::sha256_digest const& body) {
            decltype(auto) found = self_->look_up(request_.scope().access_key);
            auto const* const key = found ? std::addressof(static_cast<access_key const&>(*found)) : nullptr;
            return self_->verify(request_, key, body);
        }

        void report(crypto::sha256_digest const& body, completion<auth_decision> done) {
            if constexpr (finds_at_once) {
                done(decide(body));
            } else {
                auto const id = request_.scope().access_key;
                auto& keys = self_->keys_;
                keys.async_find(id, [held = std::make_unique<verification>(std::move(*this)), body,
                                     done = std::move(done)](std::optional<access_key> key) mutable {
                    done(held->self_->verify(held->request_, key ? &*key : nullptr, body));
                });
            }
        }

        sigv4* self_;
        sigv4_request request_;
        sha body_;
        std::unique_ptr<crypto::sha256_lanes::message> shared_; // instead, where it is hashed beside others
    };

    /// Reads the head; the body follows through `append`.
    [[nodiscard]] verification begin(request_view const& head, operation, std::string_view) {
        return verification{*this, head};
    }

    /// Verifies a request that is there as a whole.
    [[nodiscard]] auth_decision authorize(request_view const& request, operation op,
                                          std::string_view id) requires finds_at_once {
        verification v = begin(request, op, id);
        v.append(request.body);
        return v.decide();
    }

    /// The same with keys that take their time. The request must stay where it is until `done` is called.
    void async_authorize(request_view const& request, operation op, std::string_view id,
                         completion<auth_decision> done) {
        verification v = begin(request, op, id);
        v.append(request.body);
        v.finish(std::move(done));
    }

    /// Every caller may reach every connection; see `with_policy`.
    [[nodiscard]] bool permits(request_view const&, principal const&, operation, std::string_view) const noexcept {
        return true;
    }

private:
    [[nodiscard]] decltype(auto) look_up(std::string_view id) {
        if constexpr (has_find<Keys>)
            return keys_.find(id);
        else
            return keys_(id);
    }

    [[nodiscard]] auth_decision verify(sigv4_request const& request, access_key const* known,
                                       crypto::sha256_digest const& body) {
        std::optional<auth_decision> wrong =
            request.check(known != nullptr ? *known : nobody_, options_, clock_.wall());

        std::array<char, 64> body_hex;
        protocol::hex_encode(body, body_hex.data());
        auto const payload = request.payload_line({body_hex.data(), body_hex.size()});
        if (!wrong && !payload) wrong = auth_decision::refuse(auth_error::payload_mismatch);

        // the signature is computed whatever is wrong, so that time does not tell which keys are known
        bool const counts = known != nullptr && !wrong;
        std::string_view const line = payload.value_or(std::string_view{body_hex.data(), body_hex.size()});
        std::array<char, 64> first_hash{};
        std::optional<hmac> signing_key = counts ? cache_->find(*known, request.scope()) : stand_in_;
        bool const is_new = !signing_key;
        if (is_new) signing_key = protocol::sigv4_signing_key<hmac>(known->secret, request.scope());
        bool const matches = signature_matches(request, *signing_key, line, first_hash);
        if (is_new && matches) cache_->keep(*known, request.scope(), *signing_key);
        if (known == nullptr) // nothing is told about the request of an unknown key
            wrong = auth_decision::refuse(auth_error::unknown_principal);
        else if (counts && !matches)
            wrong =
                auth_decision::refuse(auth_error::bad_signature,
                                      request.mismatch_text(options_, line, {first_hash.data(), first_hash.size()}));
        if (!wrong) return {auth_error::none, {request.scope().access_key, known->arn}}; // `allow` would move it
        bool const about_credentials =
            wrong->error == auth_error::bad_signature || wrong->error == auth_error::unknown_principal ||
            wrong->error == auth_error::expired_token || wrong->error == auth_error::payload_mismatch;
        if (options_.uniform_refusals && about_credentials)
            wrong = auth_decision::refuse(auth_error::unknown_principal);
        return std::move(*wrong);
    }

    /// `first_hash` gets the hash of the canonical request that AWS would have computed.
    [[nodiscard]] bool signature_matches(sigv4_request const& request, hmac const& signing_key,
                                         std::string_view payload, std::array<char, 64>& first_hash) const {
        bool is_first = true;
        protocol::canonical_parts const parts = request.parts(payload);
        return request.any_candidate(options_, [&](auto const& write_path, std::string_view host) {
            crypto::gathering<sha> canonical;
            bool const complete = protocol::write_canonical_request(parts, write_path, host, canonical);
            std::array<char, 64> hex;
            protocol::hex_encode(canonical.finish(), hex.data());
            if (std::exchange(is_first, false)) first_hash = hex;
            crypto::gathering<hmac> to_sign{signing_key};
            protocol::write_string_to_sign(request.date(), request.scope().text, {hex.data(), hex.size()}, to_sign);
            crypto::signature const expected{to_sign.finish()};
            return expected.matches_hex(request.signature()) && complete;
        });
    }

    sigv4_options options_;
    [[no_unique_address]] typename Traits::clock clock_;
    std::unique_ptr<signing_key_cache<hmac, typename Traits::mutex>> cache_;
    access_key nobody_;
    hmac stand_in_{"what is computed with this key is thrown away"};
    Keys keys_; // last: what they still owe when they are destroyed is verified with the help of the others
};

template <class Keys>
sigv4(Keys) -> sigv4<Keys>;
template <class Keys>
sigv4(Keys, sigv4_options) -> sigv4<Keys>;

}

#endif
