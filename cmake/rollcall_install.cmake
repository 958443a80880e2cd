# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the program, the public headers, the libraries behind them, and a package, so that
# another project writes find_package(rollcall) and links rollcall::rollcall.
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rollcall")

if(TARGET rollcall)
  install(TARGETS rollcall RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(DIRECTORY include/rollcall DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp")
install(TARGETS rollcall_library rollcall_runtime rollcall_core rollcall_registry rollcall_consensus rollcall_wire rollcall_base
        EXPORT rollcall_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT rollcall_targets FILE rollcallTargets.cmake NAMESPACE rollcall:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/rollcallConfig.cmake.in
  "${PROJECT_BINARY_DIR}/rollcallConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rollcallConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rollcallConfig.cmake"
              "${PROJECT_BINARY_DIR}/rollcallConfigVersion.cmake" DESTINATION "${package_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
