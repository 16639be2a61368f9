// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#include <backchannel/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>
#include <system_error>

namespace error_tests {

using namespace backchannel;

TEST_CASE("each error has a text of its own", "[error]") {
    std::set<std::string> texts;
    for (errc const e : {errc::entropy_unavailable, errc::out_of_memory}) texts.insert(make_error_code(e).message());
    texts.insert(std::error_code{99, make_error_code(errc::out_of_memory).category()}.message());
    CHECK(texts.size() == 3);
    CHECK(texts.count("") == 0);
}

TEST_CASE("an errc converts to an error code of the library's category", "[error]") {
    std::error_code const code = errc::out_of_memory;
    CHECK(code);
    CHECK(code == errc::out_of_memory);
    CHECK(code != errc::entropy_unavailable);
    CHECK(std::string{code.category().name()} == "backchannel");
    CHECK(code != std::make_error_code(std::errc::not_enough_memory));
    CHECK(&code.category() == &make_error_code(errc::entropy_unavailable).category());
}

}
