// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_AUTH_IAM_PATTERN_HPP
#define BACKCHANNEL_AUTH_IAM_PATTERN_HPP

#include <backchannel/config.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI {

/// A name with wildcards as the Action and Resource elements of IAM policies hold them.
///
/// `*` stands for any run of characters and `?` for exactly one (of UTF-8). Immutable, so one pattern may serve several
/// threads.
class iam_pattern {
public:
    /// A pattern of action names: `*`, or a service and a name with one colon between; case doesn't matter.
    ///
    /// Nothing if the text has another form and so could never match.
    [[nodiscard]] BACKCHANNEL_DECL static std::optional<iam_pattern> for_actions(std::string_view text);

    /// A pattern of resource names: `*`, or `arn:partition:service:region:account:resource`; case matters.
    ///
    /// Wildcards stay inside their segment, but for a `*` at the end of a segment, which may run past the colon. The
    /// resource is all that follows the fifth colon; its wildcards stand for any characters, '/' and ':' included.
    /// Nothing if the text has fewer than six segments or doesn't begin with `arn:`, as it could never match then.
    [[nodiscard]] BACKCHANNEL_DECL static std::optional<iam_pattern> for_resources(std::string_view text);

    /// Whether the pattern stands for the whole name.
    ///
    /// Needs no memory. The time is at worst the product of both lengths for each run of characters between colons.
    [[nodiscard]] BACKCHANNEL_DECL bool matches(std::string_view name) const noexcept;

private:
    // The wildcards are bytes that UTF-8 never has, so that one pass over the text settles what each of them may match.
    static constexpr unsigned char segment_one = 0xfc;
    static constexpr unsigned char any_one = 0xfd;
    static constexpr unsigned char segment_run = 0xfe;
    static constexpr unsigned char any_run = 0xff;

    explicit iam_pattern(bool fold_case) noexcept : fold_case_(fold_case) {}

    BACKCHANNEL_DECL void add(unsigned char what);

    std::string code_;
    bool fold_case_;
};

}

#if !defined(BACKCHANNEL_SEPARATE_COMPILATION)
#include <backchannel/impl/auth/iam_pattern.ipp>
#endif

#endif
