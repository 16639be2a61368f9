// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_HPP

// Everything that needs Boost.JSON (CMake: backchannel::boost_json). The core does without it.

#include <backchannel/adapters/boost_json/connection_values.hpp>
#include <backchannel/adapters/boost_json/event_converter.hpp>
#include <backchannel/adapters/boost_json/message_router.hpp>
#include <backchannel/adapters/boost_json/route_expression.hpp>

#endif
