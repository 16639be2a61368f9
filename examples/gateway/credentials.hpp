// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_GATEWAY_CREDENTIALS_HPP
#define BACKCHANNEL_EXAMPLES_GATEWAY_CREDENTIALS_HPP

#include <backchannel/auth/access_keys.hpp>
#include <backchannel/crypto/entropy.hpp>
#include <backchannel/protocol/base64.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// All of a file. Throws std::runtime_error.
inline std::string read_file(std::string const& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file || std::filesystem::is_directory(path)) throw std::runtime_error{"cannot read " + path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Every key pair of a file in the format of ~/.aws/credentials.
inline std::vector<backchannel::access_key> read_credentials(std::string const& path) {
    std::istringstream file{read_file(path)};
    namespace fs = std::filesystem;
    if ((fs::status(path).permissions() & (fs::perms::group_read | fs::perms::others_read)) != fs::perms::none)
        std::cerr << "warning: others can read the secret keys in " << path << "; chmod 600 would end that\n";

    auto const trimmed = [](std::string_view text) {
        auto const first = text.find_first_not_of(" \t\r");
        if (first == std::string_view::npos) return std::string_view{};
        return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
    };
    std::map<std::string, backchannel::access_key> profiles;
    std::string profile;
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        std::string_view const text = trimmed(line);
        if (text.empty() || text.front() == '#' || text.front() == ';') continue;
        if (text.front() == '[' && text.back() == ']') {
            profile = trimmed(text.substr(1, text.size() - 2));
            continue;
        }
        auto const equals = text.find('=');
        if (equals == std::string_view::npos || profile.empty())
            throw std::runtime_error{path + ":" + std::to_string(number) +
                                     ": neither [profile] nor name = value in one"};
        std::string_view const name = trimmed(text.substr(0, equals)), value = trimmed(text.substr(equals + 1));
        backchannel::access_key& key = profiles[profile];
        if (name == "aws_access_key_id")
            key.id = value;
        else if (name == "aws_secret_access_key")
            key.secret = value;
        else if (name == "aws_session_token")
            key.session_token = value;
    }
    std::vector<backchannel::access_key> keys;
    for (auto& [name, key] : profiles)
        if (!key.id.empty() && !key.secret.empty()) keys.push_back(std::move(key));
    if (keys.empty())
        throw std::runtime_error{path + " has no profile with aws_access_key_id and aws_secret_access_key"};
    return keys;
}

/// The key pair of the usual environment variables.
inline std::optional<backchannel::access_key> environment_credentials() {
    char const* const id = std::getenv("AWS_ACCESS_KEY_ID");
    char const* const secret = std::getenv("AWS_SECRET_ACCESS_KEY");
    char const* const token = std::getenv("AWS_SESSION_TOKEN");
    if (id == nullptr || secret == nullptr || *id == '\0' || *secret == '\0') return std::nullopt;
    return backchannel::access_key{id, secret, token == nullptr ? "" : token};
}

/// A key pair that nobody else has.
inline backchannel::access_key random_credentials() {
    std::string bytes(42, '\0');
    if (!backchannel::crypto::fill_random(bytes.data(), bytes.size()))
        throw std::runtime_error{"the operating system gives no random bytes"};
    std::string id = "AKIA";
    for (std::size_t i = 0; i != 12; ++i)
        id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[static_cast<unsigned char>(bytes[i]) % 32];
    return {id, backchannel::protocol::base64url_encode(std::string_view{bytes}.substr(12))};
}

#endif
