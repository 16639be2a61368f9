// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_BACKCHANNEL_HPP
#define BACKCHANNEL_BACKCHANNEL_HPP

// The core: hub, router, AWS' dialect and authorizers. It reaches the standard library only. More that does: dialects in
// dialect/, policies in auth/.

#include <backchannel/auth/allow_all.hpp>
#include <backchannel/auth/any_of.hpp>
#include <backchannel/auth/bearer.hpp>
#include <backchannel/auth/sigv4.hpp>
#include <backchannel/completion.hpp>
#include <backchannel/config.hpp>
#include <backchannel/connection.hpp>
#include <backchannel/connection_hub.hpp>
#include <backchannel/error.hpp>
#include <backchannel/http.hpp>
#include <backchannel/hub_ref.hpp>
#include <backchannel/management_router.hpp>
#include <backchannel/message.hpp>
#include <backchannel/session.hpp>
#include <backchannel/traits.hpp>
#include <backchannel/version.hpp>

#endif
