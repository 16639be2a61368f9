// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BENCHMARKS_SERVERS_RAW_SIGNATURE_HPP
#define BACKCHANNEL_BENCHMARKS_SERVERS_RAW_SIGNATURE_HPP

#include "../command_line.hpp"

#include <backchannel/crypto/constant_time.hpp>
#include <backchannel/crypto/hmac.hpp>
#include <backchannel/crypto/sha256.hpp>
#include <backchannel/protocol/hex.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace raw {

/// Verifies the signatures of the load generator, and no others: the least that anybody can do who verifies at all.
///
/// It knows the order of the headers, that host and x-amz-date are signed, and that the region is us-east-1; it looks
/// neither at the time nor at the name of the key.
class signature {
public:
    /// `head` begins with the method.
    [[nodiscard]] bool verify(std::string_view head, std::string_view body) {
        std::string_view const host = between(head, "\r\nHost: ", "\r\n");
        std::string_view const date = between(head, "\r\nX-Amz-Date: ", "\r\n");
        std::string_view const given = between(head, ", Signature=", "\r\n");
        std::size_t const method = head.find(' ');
        std::string_view const path = head.substr(method + 1, head.find(' ', method + 1) - method - 1);
        if (date.size() != 16 || given.size() != 64 || head.size() > 1024) return false;
        if (!key_ || date.substr(0, 8) != std::string_view{day_}) derive(date.substr(0, 8));

        size_ = 0;
        add(head.substr(0, method));
        add("\n");
        for (char const c : path) {
            if (c == '@')
                add("%40");
            else if (c == '%')
                add("%25");
            else
                text_[size_++] = c;
        }
        add("\n\nhost:");
        add(host);
        add("\nx-amz-date:");
        add(date);
        add("\n\nhost;x-amz-date\n");
        add_hex(backchannel::crypto::sha256::digest(body));
        auto const canonical = backchannel::crypto::sha256::digest({text_.data(), size_});

        size_ = 0;
        add("AWS4-HMAC-SHA256\n");
        add(date);
        add("\n");
        add(day_);
        add("/us-east-1/execute-api/aws4_request\n");
        add_hex(canonical);
        auto mac = *key_;
        mac.update({text_.data(), size_});
        size_ = 0;
        add_hex(mac.finish());
        return backchannel::crypto::constant_time_equal({text_.data(), size_}, given);
    }

private:
    [[nodiscard]] static std::string_view between(std::string_view text, std::string_view before,
                                                  std::string_view behind) {
        std::size_t const at = text.find(before);
        if (at == std::string_view::npos) return {};
        std::string_view const rest = text.substr(at + before.size());
        return rest.substr(0, rest.find(behind));
    }

    void derive(std::string_view day) {
        using mac = backchannel::crypto::hmac_sha256;
        auto const text = [](backchannel::crypto::sha256_digest const& d) {
            return std::string{reinterpret_cast<char const*>(d.data()), d.size()};
        };
        std::string key = text(mac::digest(std::string{"AWS4"}.append(bench::secret), day));
        for (std::string_view const step : {"us-east-1", "execute-api", "aws4_request"})
            key = text(mac::digest(key, step));
        key_.emplace(key);
        day_ = day;
    }

    void add(std::string_view piece) {
        std::memcpy(text_.data() + size_, piece.data(), piece.size());
        size_ += piece.size();
    }
    void add_hex(backchannel::crypto::sha256_digest const& digest) {
        backchannel::protocol::hex_encode(digest, text_.data() + size_);
        size_ += 2 * digest.size();
    }

    std::optional<backchannel::crypto::hmac_sha256> key_;
    std::string day_;
    std::array<char, 4096> text_{};
    std::size_t size_ = 0;
};

}

#endif
