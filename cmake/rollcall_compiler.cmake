# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# Language, warnings, sanitizers, and the tools that make a build fast when they are installed.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# C++20 modules are not used; scanning for them would only cost time.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

# --- warnings ----------------------------------------------------------------------------------
add_library(rollcall_warnings INTERFACE)
target_compile_options(rollcall_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  $<$<BOOL:${ROLLCALL_WERROR}>:-Werror>
  # A designated initialiser names what differs from the defaults; the rest is meant.
  -Wno-missing-field-initializers
  # g++ 12 sees overlapping and oversized copies inside std::string that are not there (GCC bugs
  # 105651, 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>
  # libstdc++ 12's stable algorithms use std::get_temporary_buffer, which clang blames on the caller;
  # g++ still warns of what is deprecated in our own code.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)

# --- sanitizers --------------------------------------------------------------------------------
if(ROLLCALL_SANITIZE)
  add_compile_options(-fsanitize=${ROLLCALL_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ROLLCALL_SANITIZE})
  if(ROLLCALL_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
if(ROLLCALL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# --- size in memory ----------------------------------------------------------------------------
if(ROLLCALL_LEAN)
  # Every function in a section of its own, so that the link can drop what nobody calls.
  add_compile_options(-ffunction-sections -fdata-sections)
endif()

# --- speed of the build ------------------------------------------------------------------------
find_program(ROLLCALL_CCACHE ccache)
if(ROLLCALL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache asks for when headers are precompiled; the base directory lets
  # two checkouts share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      /usr/bin/env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "${ROLLCALL_CCACHE}")
  if(ROLLCALL_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  elseif(ROLLCALL_PCH)
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

find_program(ROLLCALL_MOLD mold)
find_program(ROLLCALL_LLD NAMES ld.lld-19 ld.lld)
if(ROLLCALL_IPO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
elseif(ROLLCALL_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(ROLLCALL_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# --- precompiled headers -----------------------------------------------------------------------
# Separate sets, so that Asio and GoogleTest are seen only by those who may use them.
function(rollcall_pch_set name header)
  add_library(rollcall_pch_${name} OBJECT EXCLUDE_FROM_ALL
              "${PROJECT_SOURCE_DIR}/cmake/pch/empty.cpp")
  # The same options as the files that use it: g++ refuses it otherwise.
  target_link_libraries(rollcall_pch_${name} PRIVATE rollcall_warnings)
  target_precompile_headers(rollcall_pch_${name} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/pch/${header}")
endfunction()
if(ROLLCALL_PCH)
  rollcall_pch_set(std standard.hpp)
  rollcall_pch_set(asio asio.hpp)
endif()
if(ROLLCALL_PCH AND ROLLCALL_TESTS)
  rollcall_pch_set(test test.hpp)
  target_link_libraries(rollcall_pch_test PRIVATE GTest::gtest)
endif()

function(rollcall_use_pch target set)
  if(ROLLCALL_PCH)
    target_precompile_headers(${target} REUSE_FROM rollcall_pch_${set})
  endif()
endfunction()
