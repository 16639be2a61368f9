# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
list(PREPEND CMAKE_MODULE_PATH "${PROJECT_SOURCE_DIR}/cmake")
find_package(StandaloneAsio QUIET)
find_package(websocketpp QUIET)
if(NOT TARGET websocketpp::websocketpp OR NOT StandaloneAsio_FOUND)
    set(missing "websocketpp 0.8.2 and standalone Asio")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND websocketpp_VERSION VERSION_LESS_EQUAL 0.8.2)
    set(missing "Clang, as GCC does not compile websocketpp ${websocketpp_VERSION} as C++20")
else()
    backchannel_server_example(websocketpp LIBRARIES websocketpp::websocketpp StandaloneAsio::StandaloneAsio
                                                     Threads::Threads)
    target_compile_definitions(server_websocketpp PRIVATE ASIO_STANDALONE)
endif()
