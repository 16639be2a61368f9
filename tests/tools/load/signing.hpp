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

/// Signs POSTs with the key of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the date's key is derived once.
class signer {
public:
    signer(std::string authority, bool wrongly) : authority_{std::move(authority)} {
        char const* const id = std::getenv("AWS_ACCESS_KEY_ID");
        char const* const secret = std::getenv("AWS_SECRET_ACCESS_KEY");
        if (id == nullptr || secret == nullptr) refuse("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
        id_ = id;
        secret_ = secret;
        if (wrongly) secret_ += "?";
    }

    void append_post(std::string& out, std::string path, std::string_view id, std::string_view body) {
        namespace protocol = backchannel::protocol;
        prepare();
        protocol::append_percent_encoded(path, id);
        std::string canonical = "POST\n";
        protocol::append_percent_encoded_path(canonical, path);
        canonical.append("\n\nhost:").append(authority_).append("\nx-amz-date:").append(date_);
        canonical.append("\n\nhost;x-amz-date\n").append(test::hex_of(backchannel::crypto::sha256::digest(body)));
        auto mac = *key_;
        protocol::write_string_to_sign(date_, scope_, test::hex_of(backchannel::crypto::sha256::digest(canonical)),
                                       [&](std::string_view piece) { mac.update(piece); });
        out.append("POST ").append(path).append(" HTTP/1.1\r\nHost: ").append(authority_);
        out.append("\r\nX-Amz-Date: ").append(date_).append("\r\nContent-Length: ").append(std::to_string(body.size()));
        out.append("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=").append(id_).append("/").append(scope_);
        out.append(", SignedHeaders=host;x-amz-date, Signature=").append(test::hex_of(mac.finish()));
        out.append("\r\n\r\n").append(body);
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

    std::string authority_, id_, secret_, date_, scope_;
    std::chrono::sys_seconds second_{};
    std::optional<backchannel::crypto::hmac_sha256> key_;
};

}

#endif
