// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: the keys of sigv4 need `find(std::string_view access_key_id)` returning a pointer or optional to
// expect: see backchannel::static_keys
#include <backchannel/auth/sigv4.hpp>

struct my_keys {
#if defined(COMPILE_FAIL_CORRECTED)
    backchannel::access_key const* find(std::string_view);
#else
    std::string find(std::string_view); // the secret alone
#endif
};

template class backchannel::sigv4<my_keys>;
