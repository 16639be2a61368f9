// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_EXAMPLES_GATEWAY_LOCAL_CALLERS_HPP
#define BACKCHANNEL_EXAMPLES_GATEWAY_LOCAL_CALLERS_HPP

#include <backchannel/backchannel.hpp>

#include <asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// --auth none: everybody on this machine, but no web page in a browser on it.
class local_callers {
public:
    void configure(backchannel::router_options const& options) { public_hosts_ = options.public_hosts; }

    backchannel::auth_decision authorize(backchannel::request_view const& request, backchannel::operation,
                                         std::string_view) const {
        using namespace backchannel;
        for (std::string_view const name : {"Origin", "Sec-Fetch-Site"})
            if (find_header(request.headers, name) != nullptr)
                return auth_decision::refuse(auth_error::not_permitted, "Not for web pages");
        header_view const* const host = find_header(request.headers, "Host");
        if (host == nullptr || !is_known(host->value))
            return auth_decision::refuse(auth_error::not_permitted, "Not for this Host");
        return auth_decision::allow();
    }
    bool permits(backchannel::request_view const&, backchannel::principal const&, backchannel::operation,
                 std::string_view) const {
        return true;
    }

private:
    bool is_known(std::string_view dialed) const {
        for (std::string const& known : public_hosts_)
            if (backchannel::equal_ignoring_case(known, dialed)) return true;
        auto const bracket = dialed.rfind(']');
        auto const colon = dialed.find(':', bracket == std::string_view::npos ? 0 : bracket);
        std::string_view host = dialed.substr(0, colon);
        if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
        std::error_code error;
        auto const address = asio::ip::make_address(std::string{host}, error);
        return backchannel::equal_ignoring_case(host, "localhost") || (!error && address.is_loopback());
    }

    std::vector<std::string> public_hosts_;
};

#endif
