// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#ifndef BACKCHANNEL_TESTS_SUPPORT_HTTP_CASE_HPP
#define BACKCHANNEL_TESTS_SUPPORT_HTTP_CASE_HPP

// The cases of tests/data/http_cases.json, which explains its own form. A word that is not known there is an error.

#include "support/capture.hpp"

#include <backchannel/protocol/json_value.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test::http_cases {

using backchannel::protocol::json_kind;
using backchannel::protocol::json_value;

/// One thing that the client does.
struct step {
    enum class kind { send, await, pause, drip };

    kind what = kind::send;
    std::string bytes{};               ///< to send or to drip
    int status = 0;                    ///< to await
    std::chrono::milliseconds wait{0}; ///< the pause, or the time between two drips
    std::size_t times = 1;             ///< of a drip
};

struct expected_answer {
    int status = 0;
    std::string body{};
    bool has_body = false;                                      ///< `body` is to be compared
    bool bodiless = false;                                      ///< it answers HEAD
    std::vector<std::pair<std::string, std::string>> headers{}; ///< an empty value: must not be there
};

enum class ending { kept, closed, waits, expires, upgraded };

struct http_case {
    std::string name, rfc;
    std::vector<std::pair<std::string, std::size_t>> options{};
    std::vector<step> steps{};
    std::vector<expected_answer> answers{};
    std::vector<std::string> reached{}, never{};
    ending then = ending::kept;
    bool incomplete = false, may_continue = false;
};

class loader {
public:
    [[nodiscard]] static std::vector<http_case> load(std::string const& path) {
        auto const text = read_file(path);
        if (!text) throw std::runtime_error{"cannot read " + path};
        auto const parsed = backchannel::protocol::parse_json(*text);
        if (!parsed) throw std::runtime_error{path + ": " + parsed.error.message};
        json_value const* const list = parsed.value->find("cases");
        if (list == nullptr) throw std::runtime_error{path + ": no cases"};
        std::vector<http_case> cases;
        for (json_value const& item : list->items) {
            json_value const* const name = item.find("name");
            try {
                cases.push_back(read_case(item));
            } catch (std::exception const& e) {
                throw std::runtime_error{path + ": " + (name == nullptr ? "?" : name->text) + ": " + e.what()};
            }
        }
        return cases;
    }

private:
    static void need(bool right, std::string const& what) {
        if (!right) throw std::runtime_error{what};
    }

    static void only(json_value const& v, std::initializer_list<std::string_view> names) {
        need(v.kind == json_kind::object, "an object is wanted");
        for (auto const& m : v.members)
            need(std::find(names.begin(), names.end(), m.name) != names.end(), "unknown member " + m.name);
    }

    [[nodiscard]] static json_value const& member(json_value const& v, std::string_view name) {
        json_value const* const found = v.find(name);
        need(found != nullptr, "no member " + std::string{name});
        return *found;
    }

    [[nodiscard]] static std::size_t number(json_value const& v) {
        std::size_t n = 0;
        char const* const end = v.text.data() + v.text.size();
        need(v.kind == json_kind::number && std::from_chars(v.text.data(), end, n).ptr == end, "a number is wanted");
        return n;
    }

    [[nodiscard]] static bool flag(json_value const& v, std::string_view name) {
        json_value const* const found = v.find(name);
        return found != nullptr && found->boolean;
    }

    // Each character stands for the byte of its number, as in ISO 8859-1.
    [[nodiscard]] static std::string bytes(json_value const& v) {
        need(v.kind == json_kind::string, "a string is wanted");
        std::string out;
        for (std::size_t i = 0; i != v.text.size(); ++i) {
            auto const c = static_cast<unsigned char>(v.text[i]);
            if (c < 0x80) {
                out += v.text[i];
                continue;
            }
            need((c == 0xC2 || c == 0xC3) && i + 1 != v.text.size(), "a character beyond U+00FF");
            auto const low = static_cast<unsigned char>(v.text[++i]);
            out += static_cast<char>(((c & 3u) << 6) | (low & 0x3Fu));
        }
        return out;
    }

    [[nodiscard]] static std::string repeated(json_value const& text, json_value const& times) {
        std::string out;
        for (std::size_t i = number(times); i != 0; --i) out += bytes(text);
        return out;
    }

    static void add_bytes(std::vector<step>& steps, std::string const& more) {
        if (steps.empty() || steps.back().what != step::kind::send) steps.emplace_back();
        steps.back().bytes += more;
    }

    static void read_step(json_value const& v, std::vector<step>& steps) {
        if (v.kind == json_kind::string) return add_bytes(steps, bytes(v));
        only(v, {"repeat", "times", "await", "pause_ms", "drip", "every_ms"});
        if (json_value const* const text = v.find("repeat"))
            return add_bytes(steps, repeated(*text, member(v, "times")));
        step s;
        if (json_value const* const status = v.find("await")) {
            s.what = step::kind::await;
            s.status = static_cast<int>(number(*status));
        } else if (json_value const* const time = v.find("pause_ms")) {
            s.what = step::kind::pause;
            s.wait = std::chrono::milliseconds{number(*time)};
        } else {
            s.what = step::kind::drip;
            s.bytes = bytes(member(v, "drip"));
            s.wait = std::chrono::milliseconds{number(member(v, "every_ms"))};
            s.times = number(member(v, "times"));
        }
        steps.push_back(std::move(s));
    }

    [[nodiscard]] static std::string read_text(json_value const& v) {
        if (v.kind != json_kind::array) return bytes(v);
        std::vector<step> steps;
        for (json_value const& piece : v.items) read_step(piece, steps);
        need(steps.size() == 1 && steps[0].what == step::kind::send, "a text is wanted");
        return steps[0].bytes;
    }

    [[nodiscard]] static expected_answer read_answer(json_value const& v) {
        expected_answer a;
        if (v.kind == json_kind::number) {
            a.status = static_cast<int>(number(v));
            return a;
        }
        only(v, {"status", "body", "bodiless", "headers"});
        a.status = static_cast<int>(number(member(v, "status")));
        a.bodiless = flag(v, "bodiless");
        if (json_value const* const body = v.find("body")) {
            a.body = bytes(*body);
            a.has_body = true;
        }
        if (json_value const* const headers = v.find("headers"))
            for (auto const& h : headers->members)
                a.headers.emplace_back(h.name, h.value.kind == json_kind::null ? std::string{} : bytes(h.value));
        return a;
    }

    [[nodiscard]] static ending read_ending(std::string const& word) {
        if (word == "kept") return ending::kept;
        if (word == "closed") return ending::closed;
        if (word == "waits") return ending::waits;
        if (word == "expires") return ending::expires;
        need(word == "upgraded", "unknown ending " + word);
        return ending::upgraded;
    }

    [[nodiscard]] static http_case read_case(json_value const& v) {
        only(v,
             {"name", "rfc", "options", "send", "answers", "reached", "never", "then", "incomplete", "may_continue"});
        http_case c;
        c.name = member(v, "name").text;
        c.rfc = member(v, "rfc").text;
        if (json_value const* const options = v.find("options"))
            for (auto const& m : options->members) c.options.emplace_back(m.name, number(m.value));
        for (json_value const& piece : member(v, "send").items) read_step(piece, c.steps);
        for (json_value const& a : member(v, "answers").items) c.answers.push_back(read_answer(a));
        for (json_value const& r : member(v, "reached").items) c.reached.push_back(read_text(r));
        if (json_value const* const never = v.find("never"))
            for (json_value const& n : never->items) c.never.push_back(bytes(n));
        c.then = read_ending(member(v, "then").text);
        c.incomplete = flag(v, "incomplete");
        c.may_continue = flag(v, "may_continue");
        return c;
    }
};

}

#endif
