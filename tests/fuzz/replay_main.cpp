// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// Runs a fuzz target once for each file of the given folders: the main function where libFuzzer isn't there to give
// one.

#include "fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

int main(int count, char** arguments) {
    std::size_t inputs = 0;
    for (int i = 1; i < count; ++i)
        for (auto const& entry : std::filesystem::directory_iterator{arguments[i]}) {
            std::ifstream file{entry.path(), std::ios::binary};
            std::vector<char> const bytes{std::istreambuf_iterator<char>{file}, {}};
            std::fprintf(stderr, "%s\n", entry.path().string().c_str()); // the last one shown is the one that failed
            (void)LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
            ++inputs;
        }
    (void)LLVMFuzzerTestOneInput(nullptr, 0);
    std::fprintf(stderr, "%zu inputs\n", inputs);
    return inputs != 0 ? 0 : 1;
}
