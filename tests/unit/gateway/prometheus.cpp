// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/gateway/prometheus.hpp>

#include "support/catch.hpp"

#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace gateway_prometheus_tests {

using backchannel::auth_error;
using backchannel::gateway_metrics;
using backchannel::prometheus_text;

TEST_CASE("the text is what Prometheus reads: each line a comment or a sample of the family above it", "[prometheus]") {
    gateway_metrics metrics;
    metrics.management[0][0] = 7;
    std::istringstream text{prometheus_text(metrics)};
    std::regex const comment{R"(# (HELP backchannel_[a-z_]+ [A-Z].*\.|TYPE backchannel_[a-z_]+ (counter|gauge)))"};
    std::regex const sample{R"((backchannel_[a-z_]+)(\{([a-z]+="[a-z0-9_]+",?)+\})? [0-9]+)"};
    std::string family;
    std::set<std::string> families, samples;
    for (std::string line; std::getline(text, line);) {
        CAPTURE(line);
        std::smatch match;
        if (line.starts_with("#")) {
            CHECK(std::regex_match(line, comment));
            if (!line.starts_with("# TYPE ")) continue;
            family = line.substr(7, line.rfind(' ') - 7);
            CHECK(families.insert(family).second);
            CHECK(line.ends_with("counter") == family.ends_with("_total"));
        } else {
            REQUIRE(std::regex_match(line, match, sample));
            CHECK(match[1] == family);
            CHECK(samples.insert(line.substr(0, line.rfind(' '))).second);
        }
    }
    CHECK(families.size() > 25);
}

TEST_CASE("each number stands at its name", "[prometheus]") {
    gateway_metrics metrics;
    metrics.connections_open = 3;
    metrics.websockets_closed[backchannel::close_code_index(1009)] = 4;
    metrics.websockets_closed[backchannel::close_code_index(4001)] = 5;
    metrics.websockets_closed[backchannel::close_code_index(2000)] = 6;
    metrics.management[2][backchannel::management_status_index(204)] = 7;
    metrics.management[0][backchannel::management_status_index(418)] = 8;
    metrics.requests_denied[static_cast<std::size_t>(auth_error::bad_signature)] = 9;
    metrics.requests_rejected[static_cast<std::size_t>(backchannel::http1::parse_error::bad_chunk_size)] = 10;
    metrics.responses[2] = 11;
    metrics.hub.backpressure = 12;
    std::string const text = prometheus_text(metrics);
    for (std::string const line :
         {"backchannel_connections_open 3\n", "backchannel_websockets_closed_total{code=\"1009\"} 4\n",
          "backchannel_websockets_closed_total{code=\"4xxx\"} 5\n",
          "backchannel_websockets_closed_total{code=\"other\"} 6\n",
          "backchannel_management_responses_total{operation=\"delete\",status=\"204\"} 7\n",
          "backchannel_management_responses_total{operation=\"post\",status=\"other\"} 8\n",
          "backchannel_requests_denied_total{reason=\"bad_signature\"} 9\n",
          "backchannel_requests_rejected_total{reason=\"invalid_chunk_size\"} 10\n",
          "backchannel_responses_total{class=\"2xx\"} 11\n",
          "backchannel_hub_sends_total{result=\"backpressure\"} 12\n"})
        CHECK((text.find("\n" + line) != text.npos || text.starts_with(line)));
}

}
