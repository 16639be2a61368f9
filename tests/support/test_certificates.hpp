// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_TEST_CERTIFICATES_HPP
#define BACKCHANNEL_TESTS_SUPPORT_TEST_CERTIFICATES_HPP

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace test {

/// A certificate and its key, as PEM.
struct identity {
    std::string certificate;
    std::string key;
};

/// Makes certificates. Every one of them has a serial number and a key of its own.
class certificate_authority {
public:
    explicit certificate_authority(std::string const& name)
        : key_{new_key()}, certificate_{make(name, key_.get(), nullptr)} {}

    [[nodiscard]] std::string pem() const { return to_pem(*certificate_); }

    /// For servers (`localhost`, 127.0.0.1) and for clients.
    [[nodiscard]] identity issue(std::string const& name) const {
        auto const key = new_key();
        return {to_pem(*make(name, key.get(), this)), to_pem(*key, nullptr)};
    }

    [[nodiscard]] identity issue_with_encrypted_key(std::string const& name) const {
        auto const key = new_key();
        return {to_pem(*make(name, key.get(), this)), to_pem(*key, EVP_aes_128_cbc())};
    }

private:
    struct deleter {
        void operator()(BIO* p) const noexcept { BIO_free_all(p); }
        void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
        void operator()(X509* p) const noexcept { X509_free(p); }
        void operator()(X509_EXTENSION* p) const noexcept { X509_EXTENSION_free(p); }
    };
    template <class T>
    using owned = std::unique_ptr<T, deleter>;

    static void check(bool good) {
        if (!good) throw std::runtime_error{"a test certificate could not be made"};
    }

    static owned<EVP_PKEY> new_key() {
        owned<EVP_PKEY> key{EVP_EC_gen("P-256")};
        check(key != nullptr);
        return key;
    }

    static owned<X509> make(std::string const& name, EVP_PKEY* key, certificate_authority const* issuer) {
        static long serial = 0;
        owned<X509> made{X509_new()};
        X509* const x = made.get();
        check(x != nullptr && X509_set_version(x, 2) == 1 && X509_set_pubkey(x, key) == 1);
        check(ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial) == 1);
        check(X509_gmtime_adj(X509_getm_notBefore(x), -3600) != nullptr);
        check(X509_gmtime_adj(X509_getm_notAfter(x), 3600) != nullptr);
        X509_NAME* const subject = X509_get_subject_name(x);
        check(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                         reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0) == 1);
        X509* const from = issuer != nullptr ? issuer->certificate_.get() : x;
        check(X509_set_issuer_name(x, X509_get_subject_name(from)) == 1);
        X509V3_CTX context;
        X509V3_set_ctx(&context, from, x, nullptr, nullptr, 0);
        add(x, context, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
        if (issuer != nullptr) add(x, context, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
        check(X509_sign(x, issuer != nullptr ? issuer->key_.get() : key, EVP_sha256()) != 0);
        return made;
    }

    static void add(X509* x, X509V3_CTX& context, int what, char const* value) {
        owned<X509_EXTENSION> const extension{X509V3_EXT_conf_nid(nullptr, &context, what, value)};
        check(extension != nullptr && X509_add_ext(x, extension.get(), -1) == 1);
    }

    static std::string text_of(BIO& bio) {
        char* data = nullptr;
        auto const size = BIO_get_mem_data(&bio, &data);
        return {data, static_cast<std::size_t>(size)};
    }
    static std::string to_pem(X509& x) {
        owned<BIO> const bio{BIO_new(BIO_s_mem())};
        check(PEM_write_bio_X509(bio.get(), &x) == 1);
        return text_of(*bio);
    }
    static std::string to_pem(EVP_PKEY& key, EVP_CIPHER const* cipher) {
        owned<BIO> const bio{BIO_new(BIO_s_mem())};
        unsigned char password[] = "secret";
        check(PEM_write_bio_PrivateKey(bio.get(), &key, cipher, password, cipher != nullptr ? 6 : 0, nullptr,
                                       nullptr) == 1);
        return text_of(*bio);
    }

    owned<EVP_PKEY> key_;
    owned<X509> certificate_;
};

/// A folder of its own, gone at the end of the test.
class temporary_folder {
public:
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "backchannel-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
        path_ = name;
    }
    temporary_folder(temporary_folder const&) = delete;
    temporary_folder& operator=(temporary_folder const&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    /// The path of the file.
    std::string write(std::string const& name, std::string const& content) const {
        std::ofstream{path_ / name, std::ios::binary} << content;
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

}

#endif
