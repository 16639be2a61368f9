// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_ACCESS_KEYS_HPP
#define BACKCHANNEL_AUTH_ACCESS_KEYS_HPP

#include <backchannel/completion.hpp>
#include <backchannel/connection.hpp>

#include <algorithm>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// One pair of AWS credentials, as the server knows it.
struct access_key {
    std::string id;                         ///< AWS_ACCESS_KEY_ID
    std::string secret;                     ///< AWS_SECRET_ACCESS_KEY
    std::string session_token{};            ///< AWS_SESSION_TOKEN; if set, a request must carry the equal token
    std::optional<wall_time> expires_at{};  ///< from then on requests are refused with ExpiredTokenException
    std::string arn{};                      ///< shown to a caller who is denied
};

/// Access keys that do not change.
class static_keys {
public:
    explicit static_keys(std::vector<access_key> keys) : keys_{std::move(keys)} {
        std::sort(keys_.begin(), keys_.end(), [](auto const& a, auto const& b) { return a.id < b.id; });
    }
    explicit static_keys(access_key key) { keys_.push_back(std::move(key)); }
    static_keys(std::string id, std::string secret, std::string session_token = {})
        : static_keys{access_key{std::move(id), std::move(secret), std::move(session_token), {}, {}}} {}

    /// Thread-safe.
    [[nodiscard]] access_key const* find(std::string_view id) const noexcept {
        auto const found = std::lower_bound(keys_.begin(), keys_.end(), id,
                                            [](access_key const& k, std::string_view wanted) { return k.id < wanted; });
        return found != keys_.end() && found->id == id ? &*found : nullptr;
    }

private:
    std::vector<access_key> keys_;
};

template <class K>
concept gives_access_key = requires(K const& found) {
    static_cast<bool>(found);
    { *found } -> std::convertible_to<access_key const&>;
};

/// `keys.find(id)`, giving something like a pointer or an optional; called from any thread.
template <class K>
concept has_find = requires(K& keys, std::string_view id) {
    { keys.find(id) } -> gives_access_key;
};

/// A function `std::optional<access_key>(std::string_view id)` or the like, called from any thread.
template <class K>
concept finds_when_called = requires(K& keys, std::string_view id) {
    { keys(id) } -> gives_access_key;
};

/// `keys.async_find(id, done)`; `done` may be called at any time on any thread. The id is valid until then.
template <class K>
concept has_async_find = requires(K& keys, std::string_view id, completion<std::optional<access_key>> done) {
    keys.async_find(id, std::move(done));
};

/// Where `sigv4` looks access keys up.
template <class K>
concept key_source = has_find<K> || finds_when_called<K> || has_async_find<K>;

template <class K>
consteval bool check_key_source() {
    static_assert(key_source<K>,
                  "the keys of sigv4 need `find(std::string_view access_key_id)` returning a pointer or optional to "
                  "backchannel::access_key, or to be callable like that, or `async_find(std::string_view, "
                  "backchannel::completion<std::optional<backchannel::access_key>>)`; see backchannel::static_keys");
    return true;
}

}

#endif
