# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# What keeps an agent small in memory; docs/benchmarks.md has the figures.

# OpenSSL is loaded by the agent that needs TLS, not by every agent at start.
set(openssl_on_demand src/runtime/etcd/openssl_on_demand.cpp)
target_sources(rollcall PRIVATE "${openssl_on_demand}")
# Hidden, so that the library that is loaded goes on calling its own functions.
set_source_files_properties("${openssl_on_demand}" PROPERTIES
  COMPILE_OPTIONS -fvisibility=hidden SKIP_PRECOMPILE_HEADERS ON)
# A library that nothing asks for is not loaded.
target_link_options(rollcall PRIVATE LINKER:--as-needed)

if(ROLLCALL_LEAN)
  # What nobody calls is left out.
  target_link_options(rollcall PRIVATE -static-libstdc++ -static-libgcc LINKER:--gc-sections)
  # Addresses to be adjusted at start take a few KB in this form, and 320 KB in the older one. GNU ld
  # alone: mold 1.10 writes it without the mark that the C library asks for.
  include(CheckCXXSourceCompiles)
  include(CheckLinkerFlag)
  check_cxx_source_compiles("#include <features.h>
    #if !__GLIBC_PREREQ(2, 36)
    #error a C library that cannot read the packed form
    #endif
    int main() {}" ROLLCALL_LIBC_READS_PACKED_RELOCATIONS)
  check_linker_flag(CXX -fuse-ld=bfd ROLLCALL_HAS_GNU_LD)
  if(ROLLCALL_LIBC_READS_PACKED_RELOCATIONS AND ROLLCALL_HAS_GNU_LD)
    target_link_options(rollcall PRIVATE -fuse-ld=bfd LINKER:-z,pack-relative-relocs)
  endif()
endif()
