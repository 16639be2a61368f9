// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_BORROWED_REQUEST_HPP
#define BACKCHANNEL_SUPPORT_BORROWED_REQUEST_HPP

#include <backchannel/http.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backchannel::inline BACKCHANNEL_ABI {

/// The base of a server's request as the router reads it: views of what stays the server's. Does not move.
class borrowed_request {
public:
    borrowed_request(borrowed_request const&) = delete;
    borrowed_request& operator=(borrowed_request const&) = delete;

    /// Valid as long as this and the server's request.
    [[nodiscard]] request_view const& view() const noexcept { return view_; }
    /// The same with another body, for servers that give the head first.
    [[nodiscard]] request_view with(std::string_view body) const noexcept {
        request_view whole = view_;
        whole.body = body;
        return whole;
    }

protected:
    explicit borrowed_request(std::string source_ip = {}) : source_ip_{std::move(source_ip)} {
        view_.source_ip = source_ip_;
    }
    ~borrowed_request() = default;

    /// Adds the pairs of a name and a value that `fields` holds.
    template <class Fields>
    void add_all(Fields& fields) {
        for (auto const& [name, value] : fields) add(name, value);
    }
    void add(std::string_view name, std::string_view value) {
        fields_.push_back({name, value});
        view_.headers = fields_;
    }

    request_view view_; // the derived class sets the rest of it

private:
    std::string const source_ip_;
    std::vector<header_view> fields_;
};

}

#endif
