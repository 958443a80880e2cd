# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# Third-party parts, all from Debian 12 (scripts/packages.txt); nothing is downloaded by the build.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
# A lean program carries the few parts that it uses of SQLite, yaml-cpp and the C++ library inside
# itself: an agent is then two megabytes smaller in memory than with the shared ones.
if(ROLLCALL_LEAN)
  find_library(SQLite3_LIBRARY NAMES libsqlite3.a REQUIRED)
  find_library(YAML_CPP_ARCHIVE NAMES libyaml-cpp.a REQUIRED)
endif()
find_package(SQLite3 3.40 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
add_library(rollcall_yaml INTERFACE)
if(ROLLCALL_LEAN)
  target_link_libraries(rollcall_yaml INTERFACE "${YAML_CPP_ARCHIVE}")
  target_compile_definitions(rollcall_yaml INTERFACE YAML_CPP_STATIC_DEFINE)
else()
  target_link_libraries(rollcall_yaml INTERFACE yaml-cpp)
endif()
find_package(nlohmann_json 3.11 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
# Logging is compiled into the one file that uses it; the shared libraries would be loaded whole.
add_library(rollcall_log INTERFACE)
target_compile_definitions(rollcall_log INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
find_package(CLI11 2.1 REQUIRED)
if(ROLLCALL_TESTS)
  find_package(GTest 1.12 REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
if(ROLLCALL_BENCH)
  find_package(benchmark 1.7 REQUIRED)
endif()
