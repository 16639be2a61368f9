// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/backchannel.hpp>
#include <backchannel/gateway/tls.hpp>

#include <string>
#include <system_error>

int main() {
    std::error_code error;
    std::string problem;
    auto const tls = backchannel::tls_context::make({.certificate_file = "no-such-file"}, error, &problem);
    return tls == nullptr && error && problem.find("no-such-file") != std::string::npos ? 0 : 1;
}
