// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ERROR_HPP
#define BACKCHANNEL_ERROR_HPP

#include <backchannel/config.hpp>

#include <string>
#include <system_error>

namespace backchannel::inline BACKCHANNEL_ABI {

/// Failures that keep the library from starting. What happens to one message or one request is an enum of its own.
enum class errc {
    entropy_unavailable = 1, ///< the operating system's random source did not answer; ids would be guessable
    out_of_memory,           ///< a table could not be set up
};

/// The category of `errc`.
class error_category final : public std::error_category {
public:
    [[nodiscard]] char const* name() const noexcept override { return "backchannel"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::entropy_unavailable: return "the operating system's random source is not available";
        case errc::out_of_memory: return "out of memory";
        }
        return "unknown error";
    }
};

[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
    static error_category const category;
    return {static_cast<int>(value), category};
}

}

template <>
struct std::is_error_code_enum<backchannel::errc> : std::true_type {};

#endif
