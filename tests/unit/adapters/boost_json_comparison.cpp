// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.

// The core's JSON reader and writer, and the scanner of route selection, side by side with Boost.JSON on random texts.
// A failure prints the seed of its text.

#include <backchannel/adapters/boost_json/route_expression.hpp>
#include <backchannel/protocol/json_reader.hpp>
#include <backchannel/protocol/json_value.hpp>
#include <backchannel/protocol/json_writer.hpp>

#include "support/catch.hpp"
#include "support/random_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace json = boost::json;
using backchannel::protocol::json_reader;
using backchannel::protocol::json_token;
using test::random_json;

namespace {

constexpr std::uint64_t documents = 60'000;

std::optional<json::value> by_boost(std::string_view text) {
    boost::system::error_code wrong;
    json::value read = json::parse({text.data(), text.size()}, wrong);
    if (wrong) return std::nullopt;
    return read;
}

// A value made of the reader's tokens; of members with the same name the last one stays, as Boost.JSON does it.
class token_builder {
public:
    explicit token_builder(std::string_view text) : in_{text} {}

    std::optional<json::value> build() {
        json::value read = value(in_.next());
        if (broken_ || in_.next() != json_token::end) return std::nullopt;
        return read;
    }
    [[nodiscard]] bool has_name_twice() const { return twice_; }
    [[nodiscard]] bool has_huge_exponent() const { return too_large_; }

private:
    json::value value(json_token token) {
        switch (token) {
        case json_token::begin_object:
            return object();
        case json_token::begin_array:
            return array();
        case json_token::string:
            return json::value(json::string(in_.string(scratch_)));
        case json_token::number:
            return number();
        case json_token::true_value:
            return true;
        case json_token::false_value:
            return false;
        case json_token::null_value:
            return nullptr;
        default:
            broken_ = true;
            return nullptr;
        }
    }

    json::value number() {
        boost::system::error_code wrong;
        json::value const read = json::parse({in_.raw().data(), in_.raw().size()}, wrong);
        too_large_ = too_large_ || wrong == json::error::exponent_overflow;
        return read; // null if the reader took for a number what is none: Boost.JSON refuses the whole text then
    }

    json::value object() {
        json::object out;
        std::set<std::string> names;
        while (!broken_ && in_.next() != json_token::end_object) {
            if (in_.token() != json_token::name) return broken_ = true, nullptr;
            std::string const name{in_.string(scratch_)};
            twice_ = !names.insert(name).second || twice_;
            json::value member = value(in_.next());
            out.insert_or_assign(name, std::move(member));
        }
        return out;
    }

    json::value array() {
        json::array out;
        while (!broken_ && in_.next() != json_token::end_array) out.push_back(value(in_.token()));
        return out;
    }

    json_reader in_;
    std::string scratch_;
    bool broken_ = false, twice_ = false, too_large_ = false;
};

// Boost.JSON 1.81 makes a NaN of 0e999, and may read a long number a little differently in another place of a text.
bool same(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= std::abs(a) * 1e-14;
}

bool same(json::value const& a, json::value const& b) {
    if (a.is_double() && b.is_double()) return same(a.get_double(), b.get_double());
    if (a.is_array() && b.is_array())
        return std::ranges::equal(a.get_array(), b.get_array(),
                                  [](auto const& x, auto const& y) { return same(x, y); });
    if (!a.is_object() || !b.is_object()) return a == b;
    return a.get_object().size() == b.get_object().size() && std::ranges::all_of(a.get_object(), [&b](auto const& m) {
               json::value const* const other = b.get_object().if_contains(m.key());
               return other != nullptr && same(m.value(), *other);
           });
}

bool same(std::optional<json::value> const& a, std::optional<json::value> const& b) {
    return a && b ? same(*a, *b) : !a && !b;
}

void append_random(random_json& random, backchannel::protocol::json_writer& out, json::value& expected, int levels) {
    switch (random.below(levels == 0 ? 5 : 7)) {
    case 0:
        out.null();
        return;
    case 1: {
        bool const truth = random.below(2) == 1;
        out.value(truth);
        expected = truth;
        return;
    }
    case 2: {
        auto const number = static_cast<std::int64_t>(random.below(SIZE_MAX)) >> random.below(64);
        out.value(number);
        expected = number;
        return;
    }
    case 3: {
        std::uint64_t const number = random.below(SIZE_MAX);
        out.value(number);
        expected = number;
        return;
    }
    case 4: {
        std::string const text = random.text();
        out.value(std::string_view{text});
        expected = json::string(text);
        return;
    }
    case 5: {
        out.begin_array();
        json::array& items = expected.emplace_array();
        for (std::size_t left = random.below(5); left != 0; --left)
            append_random(random, out, items.emplace_back(nullptr), levels - 1);
        out.end_array();
        return;
    }
    default: {
        out.begin_object();
        json::object& members = expected.emplace_object();
        for (std::size_t left = random.below(5); left != 0; --left) {
            std::string const name = random.text() + std::to_string(left);
            append_random(random, out.key(name), members[name], levels - 1);
        }
        out.end_object();
    }
    }
}

// What a path of names and indices leads to, as route selection wants it: looked up in the whole value.
std::optional<std::string> looked_up(std::optional<json::value> const& from, std::string_view pointer) {
    if (!from) return std::nullopt;
    boost::system::error_code wrong;
    json::value const* const found = from->find_pointer({pointer.data(), pointer.size()}, wrong);
    if (found == nullptr) return "";
    if (auto const* const text = found->if_string()) {
        if (text->size() > backchannel::route_expression::max_key) return std::nullopt;
        return std::string{text->data(), text->size()};
    }
    if (auto const* const truth = found->if_bool()) return *truth ? "true" : "false";
    if (found->is_number()) return "a number";
    return "";
}

}

// Where they differ: there is no rule of its own in the reader for what Boost.JSON takes. `parse_json` refuses an
// object that has two members of one name. Boost.JSON alone refuses numbers whose exponent does not fit
// into an int; the reader leaves numbers as they are written.
TEST_CASE("the JSON reader takes and refuses what Boost.JSON does, and reads the same", "[comparison]") {
    std::size_t taken = 0, refused = 0, twice = 0;
    for (std::uint64_t seed = 1; seed <= documents; ++seed) {
        random_json random{seed};
        std::string const whole = random.document();
        std::string const text = seed % 2 == 0 ? whole : random.damaged(whole);
        auto const expected = by_boost(text);
        token_builder builder{text};
        auto const read = builder.build();
        bool const with_rules = backchannel::protocol::parse_json(text).value.has_value();
        ++(expected ? taken : refused);
        twice += expected && builder.has_name_twice() ? 1 : 0;
        bool const alike = builder.has_huge_exponent() ? !expected : same(read, expected);
        if (alike && with_rules == (read && !builder.has_name_twice())) continue;
        INFO("seed " << seed << ": " << text);
        CHECK(read.has_value() == expected.has_value());
        CHECK(alike);
        CHECK(with_rules == (read && !builder.has_name_twice()));
    }
    CHECK(taken > documents / 2); // else the texts are no good
    CHECK(refused > documents / 5);
    CHECK(twice > documents / 50);
}

TEST_CASE("what the JSON writer writes is what Boost.JSON reads", "[comparison]") {
    for (std::uint64_t seed = 1; seed <= documents; ++seed) {
        random_json random{seed};
        std::string text;
        json::value expected;
        backchannel::protocol::json_writer out{text};
        append_random(random, out, expected, 4);
        auto const read = by_boost(text);
        if (read == expected) continue;
        INFO("seed " << seed << ": " << text);
        CHECK(read == expected);
    }
}

TEST_CASE("whatever bytes the JSON writer is given, Boost.JSON takes what it writes", "[comparison]") {
    for (std::uint64_t seed = 1; seed <= documents; ++seed) {
        test::random_source random{seed};
        std::string const bytes = random.bytes(random.below(12));
        std::string text;
        backchannel::protocol::append_json_string(text, bytes);
        if (by_boost(text)) continue;
        INFO("seed " << seed << ": " << text);
        CHECK(by_boost(text).has_value());
    }
}

TEST_CASE("route selection finds what a look into the whole value finds", "[comparison]") {
    struct {
        char const *expression, *pointer;
    } const table[] = {{"$request.body.a", "/a"},     {"$request.body.action", "/action"},
                       {"$request.body.a.b", "/a/b"}, {"$request.body.a[1].b", "/a/1/b"},
                       {"$request.body[2]", "/2"},    {"$request.body[0]['a'].a", "/0/a/a"},
                       {"$request.body['']", "/"}};
    std::size_t found = 0;
    for (auto const& row : table) {
        backchannel::route_expression const expression{row.expression};
        for (std::uint64_t seed = 1; seed <= documents / 4; ++seed) {
            random_json random{seed};
            std::string const whole = random.document();
            std::string const text = seed % 4 != 0 ? whole : random.damaged(whole);
            auto const expected = looked_up(by_boost(text), row.pointer);
            auto key = expression.evaluate({text, backchannel::message_kind::text});
            found += key && !key->empty() ? 1 : 0;
            if (expected == "a number" && key) key = key->find_first_of("0123456789") < 2 ? "a number" : *key;
            if (key == expected) continue;
            INFO("seed " << seed << ", " << row.expression << ": " << text);
            CHECK(key == expected);
        }
    }
    CHECK(found > documents / 40);
}
