# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# examples/*.cpp see only what an embedding program sees; bench/*.cpp see every room.
if(ROLLCALL_EXAMPLES)
  file(GLOB examples CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
  foreach(source IN LISTS examples)
    cmake_path(GET source STEM name)
    add_executable(rollcall_example_${name} ${source})
    target_link_libraries(rollcall_example_${name} PRIVATE rollcall::rollcall rollcall_warnings)
  endforeach()
endif()

if(ROLLCALL_BENCH)
  file(GLOB benches CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cpp")
  foreach(source IN LISTS benches)
    cmake_path(GET source STEM name)
    add_executable(rollcall_bench_${name} ${source})
    target_link_libraries(rollcall_bench_${name} PRIVATE
      rollcall_runtime rollcall_http rollcall_sim nlohmann_json::nlohmann_json Boost::headers
      Threads::Threads benchmark::benchmark rollcall_warnings)
    rollcall_use_pch(rollcall_bench_${name} std)
  endforeach()
endif()
