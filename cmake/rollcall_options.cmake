# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# Every switch of the build. CMakePresets.json sets them; nothing else needs to.
option(ROLLCALL_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
option(ROLLCALL_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(ROLLCALL_BENCH "Build the benchmarks" OFF)
option(ROLLCALL_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(ROLLCALL_FUZZ "Build libFuzzer targets (clang only) in place of their corpus replays" OFF)
option(ROLLCALL_IPO "Optimise across translation units" OFF)
option(ROLLCALL_PCH "Precompile the headers that nearly every file includes" ON)
set(ROLLCALL_SANITIZE "" CACHE STRING "Sanitizers: 'address,undefined' or 'thread'")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
if(ROLLCALL_FUZZ AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "ROLLCALL_FUZZ needs clang (found ${CMAKE_CXX_COMPILER_ID}): "
                      "use the preset 'fuzz'")
endif()
option(ROLLCALL_LEAN "Link SQLite, yaml-cpp and the C++ library into the program" OFF)
