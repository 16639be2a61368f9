# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# An overlay port inside the source tree: it packages the tree that it stands in. A port in a registry obtains a release
# archive instead and is otherwise the same.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

# Headers only: the configurations do not differ.
set(VCPKG_BUILD_TYPE release)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DBACKCHANNEL_BUILD_TESTS=OFF
        -DBACKCHANNEL_BUILD_EXAMPLES=OFF
        -DBACKCHANNEL_BUILD_COMPILED=OFF
        "-DBACKCHANNEL_COMPONENTS="
        -DBACKCHANNEL_INSTALL=ON)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/backchannel)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/lib" "${CURRENT_PACKAGES_DIR}/debug"
                    "${CURRENT_PACKAGES_DIR}/share/licenses")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
