// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_SUPPORT_IP_TEXT_HPP
#define BACKCHANNEL_SUPPORT_IP_TEXT_HPP

#include <backchannel/config.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// An IPv4 or IPv6 address.
///
/// Held as sixteen bytes in the order of the network; an IPv4 address in its IPv4-mapped form (RFC 4291, section
/// 2.5.5.2), so that `192.0.2.7` and `::ffff:192.0.2.7` are the same.
class ip_address {
public:
    /// The address `::`.
    constexpr ip_address() noexcept = default;

    explicit constexpr ip_address(std::array<std::uint8_t, 16> const& bytes) noexcept : bytes_(bytes) {}

    /// Reads an IPv4 address of four decimal numbers, or an IPv6 address in any form of RFC 4291, section 2.2.
    ///
    /// Nothing for anything else: leading zeros in an IPv4 number, brackets, ports, zone ids, blanks.
    [[nodiscard]] BACKCHANNEL_DECL static std::optional<ip_address> parse(std::string_view text) noexcept;

    [[nodiscard]] constexpr std::array<std::uint8_t, 16> const& bytes() const noexcept { return bytes_; }

    /// Whether this is an IPv4 address, which an IPv4-mapped IPv6 address is too.
    [[nodiscard]] BACKCHANNEL_DECL bool is_v4() const noexcept;

    /// The address as `192.0.2.7`, or in the form of RFC 5952, section 4.
    [[nodiscard]] BACKCHANNEL_DECL std::string to_string() const;

    [[nodiscard]] friend bool operator==(ip_address const&, ip_address const&) noexcept = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

/// The one usual text of an address: that of `ip_address::to_string`, or the input as it is if it isn't an address.
[[nodiscard]] BACKCHANNEL_DECL std::string normalise_ip(std::string_view text);

/// A block of addresses that have their first bits in common (RFC 4632, section 3.1; RFC 4291, section 2.3).
///
/// A block belongs to IPv4 if it lies within `::ffff:0:0/96`; any other is one of IPv6 and has no IPv4 address in it,
/// so `::/0` is every IPv6 address only.
class ip_network {
public:
    /// Reads `10.0.0.0/8` or `2001:db8::/32`; an address without a prefix is the block of it alone.
    ///
    /// Bits of the address behind the prefix don't count. The prefix has no leading zeros and at most 32 or 128 bits;
    /// it counts from the front of the address as it is written, so `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
    [[nodiscard]] BACKCHANNEL_DECL static std::optional<ip_network> parse(std::string_view text) noexcept;

    [[nodiscard]] BACKCHANNEL_DECL bool contains(ip_address const& address) const noexcept;

private:
    ip_network(ip_address const& base, unsigned bits) noexcept : base_(base), bits_(bits) {}

    ip_address base_;
    unsigned bits_; // of the sixteen bytes, for IPv4 too
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/support/ip_text.ipp>
#endif

#endif
