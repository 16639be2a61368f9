# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
#
# The headers, the CMake package and the pkg-config file. Nothing here depends on the machine except the static library
# of the component "compiled", which BACKCHANNEL_BUILD_COMPILED=OFF leaves out.
include(CMakePackageConfigHelpers)

set(backchannel_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/backchannel")
set(backchannel_generated_dir "${PROJECT_BINARY_DIR}/package")

install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/include/backchannel"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING
    PATTERN "*.hpp"
    PATTERN "*.ipp")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/backchannel")

install(TARGETS backchannel EXPORT backchannel-targets)
install(EXPORT backchannel-targets NAMESPACE backchannel:: DESTINATION "${backchannel_cmake_dir}")
if(BACKCHANNEL_BUILD_COMPILED)
    install(TARGETS backchannel_compiled EXPORT backchannel-compiled-targets ARCHIVE DESTINATION
                                                                                     "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT backchannel-compiled-targets NAMESPACE backchannel:: DESTINATION "${backchannel_cmake_dir}")
endif()

write_basic_package_version_file(
    "${backchannel_generated_dir}/backchannelConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT)
install(
    FILES "${PROJECT_SOURCE_DIR}/cmake/backchannelConfig.cmake"
          "${PROJECT_SOURCE_DIR}/cmake/backchannel-components.cmake"
          "${PROJECT_SOURCE_DIR}/cmake/FindStandaloneAsio.cmake"
          "${backchannel_generated_dir}/backchannelConfigVersion.cmake"
    DESTINATION "${backchannel_cmake_dir}")

# ${pcfiledir} is where pkg-config found the file, so an installed tree can be moved.
file(RELATIVE_PATH backchannel_pc_to_include "${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig"
     "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/backchannel.pc.in" "${backchannel_generated_dir}/backchannel.pc" @ONLY)
install(FILES "${backchannel_generated_dir}/backchannel.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
