// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_FWD_HPP
#define BACKCHANNEL_FWD_HPP

// Every public name of the core, for headers that only pass them on.

#include <backchannel/config.hpp>

#include <cstdint>

namespace backchannel::inline BACKCHANNEL_ABI {

enum class message_kind : std::uint8_t;
enum class delivery : std::uint8_t;
enum class operation : std::uint8_t;
enum class target_form : std::uint8_t;

struct close_frame;
struct connection_info;
struct connection_state;
struct header_view;
struct hub_options;
struct request_view;
struct response;
struct router_options;
struct auth_decision;
struct principal;

class connection_id;
class hub_ref;
class message;
class session;
class shared_message;

struct default_hub_traits;
struct default_router_traits;
struct single_threaded_traits;

template <class... T>
class completion;
template <class Transport, class Traits>
class connection_hub;
template <class Auth, class Traits>
class management_router;

}

#endif
