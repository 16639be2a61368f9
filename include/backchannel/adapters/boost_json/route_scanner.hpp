// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_ADAPTERS_BOOST_JSON_ROUTE_SCANNER_HPP
#define BACKCHANNEL_ADAPTERS_BOOST_JSON_ROUTE_SCANNER_HPP

#include <backchannel/adapters/boost_json/route_path.hpp>

#include <boost/json/basic_parser.hpp>
#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace backchannel::inline BACKCHANNEL_ABI::detail_route {

/// Nested arrays and objects that a message may have; a deeper one is no JSON for route selection.
inline constexpr std::size_t max_depth = route_path::max_steps + 1;

/// Paths that are followed at the same time.
inline constexpr std::size_t max_paths = 8;

/// Follows paths while Boost.JSON's parser reads a text, and keeps nothing else of it.
///
/// A value is kept if it is a string, a number (as it is written) or a boolean of at most `max_value` bytes. Of members
/// with the same name the last one counts, as in `boost::json::parse`.
class scanner {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    scanner(std::span<route_path const> paths, std::size_t max_value) noexcept : max_value_{max_value} {
        for (route_path const& path : paths.first(std::min(paths.size(), max_paths)))
            traces_[count_++].steps = path.steps();
    }

    /// What a path led to; empty if it led to nothing that is kept. Null: a value that is too long.
    [[nodiscard]] std::string const* value(std::size_t path) const noexcept {
        return traces_[path].too_long ? nullptr : &traces_[path].value;
    }

private:
    using error_code = boost::system::error_code;
    using text = boost::json::string_view;
    template <class Handler>
    friend class boost::json::basic_parser;

    struct trace {
        std::span<route_step const> steps{};
        std::size_t entered = 0; // steps that led into the containers that are open
        bool here = false;       // whether the next step leads to the value that comes now
        bool too_long = false;
        std::string value{};

        [[nodiscard]] bool is_target() const noexcept { return here && entered + 1 == steps.size(); }
    };

    [[nodiscard]] std::span<trace> traces() noexcept { return std::span{traces_}.first(count_); }

    template <class Step>
    void follow(Step const& to) {
        for (trace& t : traces()) {
            t.here = t.entered + 1 == depth_ && t.steps[t.entered].leads_to(to);
            if (!t.here) continue;
            t.value.clear(); // an earlier member of this name doesn't count
            t.too_long = false;
        }
    }

    // Strings and numbers may come in several parts, and begin with the first.
    void begin_value() {
        if (begun_) return;
        begun_ = true;
        collected_.clear();
        too_long_ = false;
        if (depth_ != 0 && in_array_[depth_ - 1]) follow(items_[depth_ - 1]++);
        wanted_ = std::ranges::any_of(traces(), &trace::is_target);
    }

    bool collect(text part) {
        begin_value();
        if (!wanted_ || too_long_) return true;
        too_long_ = part.size() > max_value_ - collected_.size();
        if (!too_long_) collected_.append(part.data(), part.size());
        return true;
    }

    bool end_value() {
        for (trace& t : traces()) {
            if (t.is_target()) {
                t.too_long = too_long_;
                if (!too_long_) t.value = collected_;
            }
            t.here = false;
        }
        begun_ = false;
        return true;
    }

    bool open(bool array) {
        begin_value();
        for (trace& t : traces()) {
            if (t.here && !t.is_target()) ++t.entered;
            t.here = false;
        }
        begun_ = false;
        in_array_[depth_] = array;
        items_[depth_] = 0;
        ++depth_;
        return true;
    }

    bool close() {
        --depth_;
        for (trace& t : traces()) t.entered = std::min(t.entered, depth_ == 0 ? 0 : depth_ - 1);
        return true;
    }

    // What boost::json::basic_parser calls. The parser has checked the depth before it opens anything.
    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return open(false); }
    bool on_object_end(std::size_t, error_code&) { return close(); }
    bool on_array_begin(error_code&) { return open(true); }
    bool on_array_end(std::size_t, error_code&) { return close(); }
    bool on_key_part(text part, std::size_t, error_code&) { return add_to_name(part); }
    bool on_key(text part, std::size_t, error_code&) {
        add_to_name(part);
        follow(std::string_view{name_});
        name_.clear();
        return true;
    }
    bool on_string_part(text part, std::size_t, error_code&) { return collect(part); }
    bool on_string(text part, std::size_t, error_code&) { return collect(part) && end_value(); }
    bool on_number_part(text part, error_code&) { return collect(part); }
    bool on_int64(std::int64_t, text part, error_code&) { return collect(part) && end_value(); }
    bool on_uint64(std::uint64_t, text part, error_code&) { return collect(part) && end_value(); }
    bool on_double(double, text part, error_code&) { return collect(part) && end_value(); }
    bool on_bool(bool truth, error_code&) { return collect(truth ? "true" : "false") && end_value(); }
    bool on_null(error_code&) { return collect({}) && end_value(); }
    bool on_comment_part(text, error_code&) { return true; }
    bool on_comment(text, error_code&) { return true; }

    // A name that is longer than all that are looked for stays so when it is cut.
    bool add_to_name(text part) {
        std::size_t longest = 0;
        for (trace const& t : traces())
            for (route_step const& step : t.steps) longest = std::max(longest, step.name.size());
        std::size_t const room = longest + 1 - std::min(longest + 1, name_.size());
        name_.append(part.data(), std::min(part.size(), room));
        return true;
    }

    std::array<trace, max_paths> traces_{};
    std::size_t count_ = 0;
    std::size_t const max_value_;
    std::array<bool, max_depth> in_array_{};
    std::array<std::size_t, max_depth> items_{};
    std::size_t depth_ = 0;
    bool begun_ = false, wanted_ = false, too_long_ = false;
    std::string collected_, name_;
};

}

#endif
