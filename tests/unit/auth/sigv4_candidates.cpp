// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/auth/sigv4.hpp>

#include "support/catch.hpp"
#include "support/signer.hpp"

#include <string>
#include <utility>
#include <vector>

namespace auth_sigv4_candidates_tests {

// Which hosts and paths a signature may be about, when what was received is not what was signed.

using namespace test;
using backchannel::auth_decision;
using backchannel::sigv4_candidates;
using backchannel::sigv4_options;

namespace {

[[nodiscard]] auth_decision ask(http_request const& r, sigv4_options const& options = {}) {
    return judge(r, example_key(), options, at(example_date));
}

[[nodiscard]] sigv4_options with_hosts(std::vector<std::string> hosts) {
    sigv4_options options;
    options.public_hosts = std::move(hosts);
    return options;
}
[[nodiscard]] sigv4_options all_candidates() {
    sigv4_options options;
    options.candidates = sigv4_candidates::all;
    return options;
}

}

TEST_CASE("The signed host is the one received, without its port or with a default one", "[sigv4]") {
    auto const asked = [](std::string const& received, std::string const& signed_host,
                          std::vector<std::string> hosts = {}) {
        http_request r = example_post();
        r.set("Host", received);
        signing s;
        s.host = signed_host;
        sign(r, s);
        return ask(r, with_hosts(std::move(hosts))).allowed();
    };
    CHECK(asked("api.example.org", "api.example.org"));
    CHECK(asked("API.Example.org", "api.example.org"));
    CHECK(asked("API.Example.org", "API.Example.org")); // as Go's SDK and curl sign it
    CHECK(asked("MyGateway:8080", "MyGateway:8080"));
    CHECK(asked("MyGateway:8080", "mygateway"));
    CHECK(asked("MyGateway:8080", "MyGateway"));
    CHECK_FALSE(asked("api.example.org", "API.example.org"));
    CHECK_FALSE(asked("API.Example.org", "api.Example.org"));
    CHECK(asked("api.example.org:8443", "api.example.org"));
    CHECK(asked("api.example.org", "api.example.org:443"));
    CHECK(asked("api.example.org", "api.example.org:80"));
    CHECK_FALSE(asked("api.example.org", "api.example.org:8443"));
    CHECK_FALSE(asked("api.example.org:8443", "api.example.org:443"));
    CHECK_FALSE(asked("api.example.org", "other.example.org"));
    CHECK_FALSE(asked("api.example.org", "api.example.or"));
    CHECK(asked("[::1]:8443", "[::1]"));
    CHECK(asked("[::1]", "[::1]:443"));
    CHECK_FALSE(asked("[::1]", "[:"));

    // a configured list takes the place of what was received
    CHECK(asked("backend:1", "api.example.org", {"api.example.org"}));
    CHECK(asked("backend:1", "api.example.org", {"first.example.org", "Api.Example.org"}));
    CHECK(asked("backend:1", "api.example.org:443", {"api.example.org"}));
    CHECK(asked("backend:1", "api.example.org", {"api.example.org:8443"}));
    CHECK_FALSE(asked("backend:1", "backend:1", {"api.example.org"}));
    CHECK_FALSE(asked("other.example.org", "other.example.org", {"api.example.org"}));
}

TEST_CASE("Other ways to write the path verify only when they are asked for", "[sigv4]") {
    auto const asked = [](std::string target, std::string canonical, sigv4_options const& options) {
        http_request r = example_post(target);
        signing s;
        s.path = std::move(canonical);
        sign(r, s);
        return ask(r, options).allowed();
    };
    std::string const escaped = "/prod/%40connections/ab%3D", plain = "/prod/@connections/ab=";
    CHECK(asked(plain, "/prod/%40connections/ab%3D", {}));
    CHECK(asked(escaped, "/prod/%2540connections/ab%253D", {}));
    for (std::string const& target : {escaped, plain})
        for (std::string const& canonical :
             {std::string{"/prod/%40connections/ab%253D"}, std::string{"/prod/%2540connections/ab%253D"},
              std::string{"/prod/%40connections/ab%3D"}, std::string{"/prod/@connections/ab%3D"},
              std::string{"/prod/@connections/ab="}}) {
            INFO(target << " signed as " << canonical);
            CHECK(asked(target, canonical, all_candidates()));
            bool const as_aws = (target == plain && canonical == "/prod/%40connections/ab%3D") ||
                                (target == escaped && canonical == "/prod/%2540connections/ab%253D");
            CHECK(asked(target, canonical, {}) == as_aws);
        }
    // JS SDK v3 with a slash at the endpoint's end
    CHECK(asked("/prod//@connections/ab", "/prod/%40connections/ab", all_candidates()));
    CHECK_FALSE(asked("/prod//@connections/ab", "/prod/%40connections/ab", {}));
    // never another meaning
    for (std::string const& target :
         {std::string{"/prod/@connections/a%62%3D"}, std::string{"/prod/@connections/ab%3D/x"},
          std::string{"/prod/./@connections/ab%3D"}, std::string{"/x/../prod/@connections/ab%3D"},
          std::string{"/prod/@connections/../@connections/ab%3D"}, std::string{"/%70rod/@connections/ab%3D"},
          std::string{"/prod/@connections/x/../ab%3D"}, std::string{"/other//ab"},
          std::string{"/prod/@connections//ab%3D/.."}}) {
        INFO(target);
        bool const same_meaning = target == "/prod/@connections/a%62%3D" || target == "/%70rod/@connections/ab%3D";
        CHECK(asked(target, "/prod/%40connections/ab%253D", all_candidates()) == same_meaning);
        CHECK_FALSE(asked(target, "/other/ab", all_candidates()));
        CHECK_FALSE(asked(target, "/prod/%40connections", all_candidates()));
    }
    // an id with an escaped percent sign has two readings, so it has no further spelling
    CHECK_FALSE(asked("/prod/@connections/ab%253D", "/prod/%40connections/ab%253D", all_candidates()));
}

TEST_CASE("The paths of the collection and of tags have other spellings too", "[sigv4]") {
    auto const asked = [](std::string target, std::string canonical, backchannel::target_form form = {}) {
        http_request r = example_post(target);
        signing s;
        s.path = std::move(canonical);
        sign(r, s);
        r.form = form;
        return ask(r, all_candidates()).allowed();
    };
    for (auto const form : {backchannel::target_form::raw, backchannel::target_form::decoded}) {
        for (std::string const canonical : {"/prod/%40connections", "/prod/%2540connections", "/prod/@connections"})
            CHECK(asked("/prod/@connections", canonical, form));
        for (std::string const canonical :
             {"/prod/%40connections/ab/tags/room%3A7", "/prod/%2540connections/ab/tags/room%253A7",
              "/prod/%40connections/ab/tags/room%253A7", "/prod/@connections/ab/tags/room%3A7",
              "/prod/@connections/ab/tags/room:7"})
            CHECK(asked("/prod/@connections/ab/tags/room:7", canonical, form));
        for (std::string const other : {"/prod/@connections/ab/tags/room:8", "/prod/@connections/ac/tags/room:7",
                                        "/dev/@connections/ab/tags/room:7", "/prod/@connections/ab/rooms/room:7",
                                        "/prod/@connections/ab", "/prod/@connections"})
            CHECK_FALSE(asked(other, "/prod/%40connections/ab/tags/room%253A7", form));
    }
    // what has more than one reading has one spelling only
    CHECK_FALSE(asked("/prod/@connections/ab/tags/a%2Fb", "/prod/@connections/ab/tags/a/b"));
    CHECK_FALSE(asked("/prod/@connections/ab/tags/a%2525", "/prod/@connections/ab/tags/a%25"));
    CHECK_FALSE(asked("/prod/@connections/ab/x/y", "/prod/@connections/ab/x/y"));
    CHECK_FALSE(asked("/prod/@connections/ab/tags/a/b", "/prod/@connections/ab/tags/a/b"));
}

TEST_CASE("Where the server has undone the escapes, the meaning is what is signed", "[sigv4]") {
    for (sigv4_options const& options : {sigv4_options{}, all_candidates()})
        for (std::string const& sent :
             {std::string{"/prod/@connections/ab%3D"}, std::string{"/prod/%40connections/ab%3D"},
              std::string{"/prod/@connections/ab="}}) {
            INFO(sent);
            http_request r = example_post(sent);
            sign(r);
            r.target = "/prod/@connections/ab=";
            r.form = backchannel::target_form::decoded;
            CHECK(ask(r, options).allowed());
            r.target = "/prod/@connections/ac=";
            CHECK_FALSE(ask(r, options).allowed());
            r.target = "/dev/@connections/ab=";
            CHECK_FALSE(ask(r, options).allowed());
        }
}

}
