// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
//
// verification BODY [TOKEN]   what one verification of a signature costs: hash blocks and allocations, as JSON, and its
//                             instructions if callgrind is told to begin without instrumentation

#include "allocation_counter.hpp"
#include "support/counting_crypto.hpp"
#include "support/fixed_clock.hpp"
#include "support/signed_post.hpp"

#include <backchannel/auth/sigv4.hpp>

#include <valgrind/callgrind.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

struct counted : test::fixed_sigv4_traits {
    using crypto = test::counting_crypto;
};

constexpr int times = 100;

/// Verifies one request; ends the program if it is refused.
template <class Traits>
class verifier {
public:
    explicit verifier(bench::signed_post const& post)
        : request_{post.view()}, auth_{backchannel::static_keys{post.key},
                                       {.region = "us-east-1"},
                                       test::fixed_clock{test::at(test::example_date)}} {
        run(); // derives the key
    }

    void run() {
        if (auth_.authorize(request_, backchannel::operation::post, "R0oXAdfD0kwCH6w=").allowed()) return;
        std::cerr << "verification: the signature is refused\n";
        std::exit(1);
    }

private:
    backchannel::request_view request_;
    backchannel::sigv4<backchannel::static_keys, Traits> auth_;
};

}

int main(int argc, char** argv) {
    std::size_t const body = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 64;
    std::size_t const token = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
    bench::signed_post const post{body, std::string(token, 't')};

    verifier<counted> with_blocks{post};
    test::crypto_calls::current() = {};
    with_blocks.run();
    std::size_t const blocks = test::crypto_calls::current().blocks;

    verifier<test::fixed_sigv4_traits> plain{post};
    std::uint64_t const before = bench::allocations();
    CALLGRIND_START_INSTRUMENTATION;
    for (int i = 0; i != times; ++i) plain.run();
    CALLGRIND_STOP_INSTRUMENTATION;
    std::uint64_t const allocations = (bench::allocations() - before) / times;
    std::cout << "{\"times\": " << times << ", \"blocks\": " << blocks << ", \"allocations\": " << allocations << "}"
              << std::endl;
}
