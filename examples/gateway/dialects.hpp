// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_GATEWAY_DIALECTS_HPP
#define BACKCHANNEL_EXAMPLES_GATEWAY_DIALECTS_HPP

#include "credentials.hpp"

#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

/// --dialect, and who may call the API of Yandex.
struct dialect_settings {
    std::vector<std::string> names{"aws"};
    std::string bearer_token, api_key;
    bool extensions = false, insecure_bearer = false, random_token = false;

    bool aws() const { return has("aws"); }
    bool yandex() const { return has("yandex"); }

    void add_options(CLI::App& app) {
        app.add_option("--dialect", names, "APIs to serve: aws, yandex, or both with a comma between")
            ->delimiter(',')
            ->check(CLI::IsMember({"aws", "yandex"}))
            ->type_name("NAMES")
            ->default_str("aws");
        app.add_flag("--extensions", extensions,
                     "beside AWS' calls: close codes, kinds, tags, lists, many connections at once");
        app.add_option("--bearer-token", bearer_token, "of callers of --dialect yandex (default: YC_TOKEN)");
        app.add_option("--api-key", api_key, "another way for them (default: YC_API_KEY)");
        app.add_flag("--insecure-bearer", insecure_bearer, "take them without TLS from other machines");
    }

    /// `private_port`: nobody on the way can read what callers send.
    void check(bool no_auth, bool private_port) {
        if (extensions && !aws()) throw CLI::ValidationError{"--extensions", "needs --dialect aws"};
        if (!yandex()) {
            if (!bearer_token.empty()) throw CLI::ValidationError{"--bearer-token", "needs --dialect yandex"};
            if (!api_key.empty()) throw CLI::ValidationError{"--api-key", "needs --dialect yandex"};
            return;
        }
        if (no_auth) return;
        if (!private_port && !insecure_bearer)
            throw CLI::ValidationError{"--dialect", "yandex has tokens that anybody on the way could read and use: add "
                                                    "--tls-certificate, or --insecure-bearer if that is wanted"};
        if (bearer_token.empty()) bearer_token = environment("YC_TOKEN");
        if (api_key.empty()) api_key = environment("YC_API_KEY");
        random_token = bearer_token.empty() && api_key.empty();
        if (random_token) bearer_token = random_credentials().secret;
    }

    backchannel::any_of<backchannel::bearer, backchannel::api_key> callers() const {
        using namespace backchannel;
        std::vector<backchannel::bearer_token> tokens, keys;
        if (!bearer_token.empty()) tokens.push_back({bearer_token, "bearer", {}});
        if (!api_key.empty()) keys.push_back({api_key, "api-key", {}});
        return any_of{bearer{tokens}, backchannel::api_key{keys}};
    }

private:
    bool has(std::string_view name) const { return std::find(names.begin(), names.end(), name) != names.end(); }

    static std::string environment(char const* name) {
        char const* const value = std::getenv(name);
        return value == nullptr ? "" : value;
    }
};

#endif
