// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// expect: the policy of with_policy must be backchannel::iam_policy or have `bool permits(backchannel::principal const&,
#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/with_policy.hpp>

struct my_policy {
#if defined(COMPILE_FAIL_CORRECTED)
    bool permits(backchannel::principal const&, backchannel::iam_request const&) const;
#else
    bool permits(backchannel::principal const&, backchannel::iam_request const&); // not const
#endif
};

using permitted = backchannel::with_policy<backchannel::allow_all, my_policy>;
permitted* make() { return new permitted{{}, {}}; }
