// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/backchannel.hpp>

#include <boost/json.hpp>

int main() { return boost::json::parse("[1,2]").as_array().size() == 2 ? 0 : 1; }
