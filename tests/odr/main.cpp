// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <cstring>

int ODR_FIRST(char const*& abi);
int ODR_SECOND(char const*& abi);

int main() {
    char const* first = "";
    char const* second = "";
    if (ODR_FIRST(first) != 4 || ODR_SECOND(second) != 4) return 1;
#if defined(ODR_DISTINCT)
    return std::strcmp(first, second) != 0 ? 0 : 2;
#else
    return std::strcmp(first, second) == 0 ? 0 : 3;
#endif
}
