// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// The clients of the fault and load tests, on raw epoll: thousands of WebSockets that verify what they receive, callers
// that post to them, and connections that come and go. Results are one line of JSON on stdout. It shares the library's
// frame parser, but no networking with the gateway.

#include "tools/load/churn.hpp"
#include "tools/load/listen.hpp"
#include "tools/load/post.hpp"

#include <iostream>
#include <span>
#include <string_view>

namespace {

void print_help(std::string_view mode, std::span<load::option const> options) {
    std::cout << "load_client " << mode << "\n";
    for (load::option const& o : options) {
        std::cout << "  --" << o.name << (o.fallback == "off" ? "" : " VALUE") << "  " << o.text;
        if (!o.fallback.empty() && o.fallback != "off" && o.fallback != "-") std::cout << " [" << o.fallback << "]";
        std::cout << "\n";
    }
}

}

int main(int argc, char** argv) {
    std::span<char* const> const arguments{argv, static_cast<std::size_t>(argc)};
    std::string_view const mode = argc > 1 ? arguments[1] : "";
    if (mode == "--help") {
        print_help("listen", load::listen_options);
        print_help("post", load::post_options);
        print_help("churn", load::churn_options);
        return 0;
    }
    if (mode == "listen") return load::listen_mode{load::options{load::listen_options, arguments.subspan(2)}}.run();
    if (mode == "post") return load::post_mode{load::options{load::post_options, arguments.subspan(2)}}.run();
    if (mode == "churn") return load::churn_mode{load::options{load::churn_options, arguments.subspan(2)}}.run();
    load::refuse("expected listen, post or churn (or --help), got '" + std::string{mode} + "'");
}
