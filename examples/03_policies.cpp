// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Who may do what: keys from a function, an IAM policy on top, and a second way in.

#include <backchannel/auth/with_policy.hpp>
#include <backchannel/backchannel.hpp>

#include <iostream>
#include <map>
#include <string>

struct null_transport {
    using handle = int;
    static constexpr bool bounds_itself = true;
    backchannel::delivery send(handle const&, backchannel::message const&) { return backchannel::delivery::accepted; }
    void close(handle const&, std::uint16_t, std::string_view) {}
};

int main() {
    using namespace backchannel;
    connection_hub<null_transport> hub;
    session const client = hub.open(1);

    // keys may come from anywhere: a function, a type with find(), or async_find() where that takes time
    std::map<std::string, access_key, std::less<>> database{{"AKIDEXAMPLE", {"AKIDEXAMPLE", "a secret"}}};
    auto const look_up = [&database](std::string_view id) -> std::optional<access_key> {
        auto const found = database.find(id);
        return found == database.end() ? std::nullopt : std::optional{found->second};
    };

    // whoever came in, the policy is asked; without a grant nobody enters
    auto const policy = iam_policy::parse(R"({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "execute-api:ManageConnections",
                       "Resource": "arn:aws:execute-api:*:*:*/prod/GET/@connections/*"}]
    })");
    if (!policy) return std::cerr << policy.error().message << "\n", 1;

    management_router router{hub, with_policy{any_of{sigv4{look_up}, bearer{"a-long-random-token"}}, policy.policy()},
                             {.stage = "prod", .region = "eu-central-1"}};

    std::string const target = "/prod/@connections/" + std::string{client.id()};
    header_view const headers[] = {{"Host", "localhost"}, {"Authorization", "Bearer a-long-random-token"}};
    auto const shown = router.handle({"GET", target, headers});
    auto const posted = router.handle({"POST", target, headers, "Hello!"});
    auto const nobody = router.handle({"GET", target});
    std::cout << shown->status << "\n" << posted->status << " " << posted->body << "\n"
              << nobody->status << " " << nobody->body << "\n";
    return shown->status == 200 && posted->status == 403 && nobody->status == 403 ? 0 : 1;
}
