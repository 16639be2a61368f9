// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_TOOLS_LOAD_SIGNING_HPP
#define BACKCHANNEL_TESTS_TOOLS_LOAD_SIGNING_HPP

#include "options.hpp"

#include "support/digest_text.hpp"

#include <backchannel/crypto/hmac.hpp>
#include <backchannel/crypto/sha256.hpp>
#include <backchannel/protocol/percent.hpp>
#include <backchannel/protocol/sigv4_canonical.hpp>
#include <backchannel/protocol/timestamp.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace load {

/// Signs requests as botocore does; the date's key is derived once.
class signer {
public:
    signer(std::string authority, std::string id, std::string secret)
        : authority_{std::move(authority)}, id_{std::move(id)}, secret_{std::move(secret)} {}

    /// With the key of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or one that is nearly it.
    [[nodiscard]] static signer of_environment(std::string authority, bool wrongly) {
        char const* const id = std::getenv("AWS_ACCESS_KEY_ID");
        char const* const secret = std::getenv("AWS_SECRET_ACCESS_KEY");
        if (id == nullptr || secret == nullptr) refuse("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
        return {std::move(authority), id, std::string{secret} + (wrongly ? "?" : "")};
    }

    /// The head of a request with that body; `path` is percent-encoded. `Content-Length` is the last header.
    void append_head(std::string& out, std::string_view method, std::string_view path,
                     backchannel::crypto::sha256_digest const& body, std::size_t size) {
        namespace protocol = backchannel::protocol;
        prepare();
        canonical_.assign(method).append("\n");
        protocol::append_percent_encoded_path(canonical_, path);
        canonical_.append("\n\nhost:").append(authority_).append("\nx-amz-date:").append(date_);
        canonical_.append("\n\nhost;x-amz-date\n").append(test::hex_of(body));
        auto mac = *key_;
        protocol::write_string_to_sign(date_, scope_, test::hex_of(backchannel::crypto::sha256::digest(canonical_)),
                                       [&](std::string_view piece) { mac.update(piece); });
        out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(authority_);
        out.append("\r\nX-Amz-Date: ").append(date_);
        out.append("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=").append(id_).append("/").append(scope_);
        out.append(", SignedHeaders=host;x-amz-date, Signature=").append(test::hex_of(mac.finish()));
        out.append("\r\nContent-Length: ").append(std::to_string(size)).append("\r\n\r\n");
    }

    void append_post(std::string& out, std::string path, std::string_view id, std::string_view body) {
        backchannel::protocol::append_percent_encoded(path, id);
        append_head(out, "POST", path, backchannel::crypto::sha256::digest(body), body.size());
        out.append(body);
    }

private:
    void prepare() {
        namespace protocol = backchannel::protocol;
        auto const second = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        if (key_ && second == second_) return;
        second_ = second;
        auto const date = protocol::format_amz_date(protocol::to_timestamp(second));
        date_ = protocol::text_of(date);
        std::string scope = date_.substr(0, 8) + "/us-east-1/execute-api/aws4_request";
        if (key_ && scope == scope_) return;
        scope_ = std::move(scope);
        std::string const text = id_ + "/" + scope_;
        protocol::sigv4_scope parts;
        (void)protocol::parse_sigv4_scope(text, parts);
        key_ = protocol::sigv4_signing_key<backchannel::crypto::hmac_sha256>(secret_, parts);
    }

    std::string authority_, id_, secret_, date_, scope_, canonical_;
    std::chrono::sys_seconds second_{};
    std::optional<backchannel::crypto::hmac_sha256> key_;
};

}

#endif
