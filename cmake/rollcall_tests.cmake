# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# ctest labels: unit, scenario, simulation, process, fuzz, check.
include(GoogleTest)
set(ROLLCALL_UNIT_SECONDS_MAX 60)
set(ROLLCALL_SIMULATION_SECONDS_MAX 300)
set(ROLLCALL_PROCESS_SECONDS_MAX 180)
set(ROLLCALL_FUZZ_SECONDS_MAX 120)

# Helpers that tests of several kinds share.
if(ROLLCALL_TESTS)
  file(GLOB_RECURSE support CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/support/*.cpp")
  if(support)
    add_library(rollcall_test_support STATIC ${support})
    target_link_libraries(rollcall_test_support PRIVATE rollcall_warnings)
    rollcall_use_pch(rollcall_test_support test)
    set(support_scope PUBLIC)
  else()
    add_library(rollcall_test_support INTERFACE)
    set(support_scope INTERFACE)
  endif()
  target_include_directories(rollcall_test_support ${support_scope} "${PROJECT_SOURCE_DIR}/tests"
                             "${PROJECT_SOURCE_DIR}")
  target_link_libraries(rollcall_test_support ${support_scope} rollcall_core GTest::gtest
                        GTest::gmock)
endif()

# rollcall_test_program(NAME LABEL label SECONDS n SOURCES file… LINKS target… [NO_SUPPORT])
# One GoogleTest program; each of its tests becomes a test of ctest. NO_SUPPORT leaves out the
# helpers, and with them the core.
function(rollcall_test_program name)
  cmake_parse_arguments(test "NO_SUPPORT" "LABEL;SECONDS" "SOURCES;LINKS" ${ARGN})
  if(NOT test_SOURCES)
    return()
  endif()
  add_executable(${name} ${test_SOURCES})
  if(NOT test_NO_SUPPORT)
    list(APPEND test_LINKS rollcall_test_support)
  endif()
  target_link_libraries(${name} PRIVATE ${test_LINKS} rapidcheck GTest::gtest_main
                        rollcall_warnings)
  target_compile_definitions(${name} PRIVATE
    ROLLCALL_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    $<$<TARGET_EXISTS:rollcall>:ROLLCALL_BINARY="$<TARGET_FILE:rollcall>">)
  rollcall_use_pch(${name} test)
  string(REGEX REPLACE "^rollcall_(.*)_tests$" "\\1" prefix ${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${prefix}."
    PROPERTIES LABELS ${test_LABEL} TIMEOUT ${test_SECONDS})
endfunction()

# rollcall_test_folder(KIND …): all of tests/KIND as one program.
function(rollcall_test_folder kind)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${kind}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/known_bad/")
  rollcall_test_program(rollcall_${kind}_tests LABEL ${kind} SOURCES ${sources} ${ARGN})
endfunction()

if(ROLLCALL_TESTS)
  get_property(rooms GLOBAL PROPERTY rollcall_rooms)
  foreach(room IN LISTS rooms)
    get_property(sources GLOBAL PROPERTY rollcall_${room}_test_sources)
    get_property(links GLOBAL PROPERTY rollcall_${room}_links)
    rollcall_test_program(rollcall_${room}_tests LABEL unit SECONDS ${ROLLCALL_UNIT_SECONDS_MAX}
                          SOURCES ${sources} LINKS rollcall_${room} ${links})
  endforeach()
  rollcall_test_folder(scenario SECONDS ${ROLLCALL_SIMULATION_SECONDS_MAX} LINKS rollcall_sim)
  rollcall_test_folder(simulation SECONDS ${ROLLCALL_SIMULATION_SECONDS_MAX} LINKS rollcall_lab)
  rollcall_test_folder(process SECONDS ${ROLLCALL_PROCESS_SECONDS_MAX}
                       LINKS rollcall_launcher rollcall_http rollcall_runtime Boost::headers
                             nlohmann_json::nlohmann_json Threads::Threads)
  if(TARGET rollcall_process_tests AND TARGET rollcall)
    add_dependencies(rollcall_process_tests rollcall)
  endif()
endif()

# tests/simulation/known_bad is linked with a core that can be told to be wrong: the same sources
# with ROLLCALL_MUTANTS (src/core/mutants.hpp), and the simulator's own objects over it. The room's
# library would bring the right core along.
if(ROLLCALL_TESTS)
  get_target_property(core_sources rollcall_core SOURCES)
  add_library(rollcall_core_mutable STATIC EXCLUDE_FROM_ALL ${core_sources})
  target_compile_definitions(rollcall_core_mutable PUBLIC ROLLCALL_MUTANTS)
  target_link_libraries(rollcall_core_mutable PUBLIC rollcall_wire PRIVATE rollcall_warnings)
  target_include_directories(rollcall_core_mutable PUBLIC "${PROJECT_SOURCE_DIR}/src")
  rollcall_use_pch(rollcall_core_mutable std)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/simulation/known_bad/*.cpp")
  rollcall_test_program(rollcall_known_bad_tests LABEL simulation
                        SECONDS ${ROLLCALL_SIMULATION_SECONDS_MAX} NO_SUPPORT
                        SOURCES ${sources} $<TARGET_OBJECTS:rollcall_sim>
                        LINKS rollcall_core_mutable rollcall_consensus)
endif()

# tests/simulation/known_bad/raft likewise, with a consensus room that can be told to be wrong
# (src/consensus/raft/mutants.hpp), and the group of replicas of its unit tests.
if(ROLLCALL_TESTS)
  get_target_property(consensus_sources rollcall_consensus SOURCES)
  add_library(rollcall_consensus_mutable STATIC EXCLUDE_FROM_ALL ${consensus_sources})
  target_compile_definitions(rollcall_consensus_mutable PUBLIC ROLLCALL_MUTANTS)
  target_link_libraries(rollcall_consensus_mutable PUBLIC rollcall_registry
                        PRIVATE rollcall_warnings)
  target_include_directories(rollcall_consensus_mutable PUBLIC "${PROJECT_SOURCE_DIR}/src")
  rollcall_use_pch(rollcall_consensus_mutable std)
  file(GLOB sources CONFIGURE_DEPENDS
       "${PROJECT_SOURCE_DIR}/tests/simulation/known_bad/raft/*.cpp")
  rollcall_test_program(rollcall_raft_known_bad_tests LABEL simulation
                        SECONDS ${ROLLCALL_SIMULATION_SECONDS_MAX} NO_SUPPORT
                        SOURCES ${sources}
                                "${PROJECT_SOURCE_DIR}/src/consensus/raft/raft_world_test.cpp"
                                "${PROJECT_SOURCE_DIR}/src/consensus/raft/raft_trials_test.cpp"
                        LINKS rollcall_consensus_mutable)
endif()

# tests/simulation/known_bad/agreement likewise, with both rooms of the agreement. The registry's
# objects are linked one by one, so that none comes from the right registry behind the consensus
# room.
if(ROLLCALL_TESTS)
  get_target_property(registry_sources rollcall_registry SOURCES)
  add_library(rollcall_registry_mutable OBJECT EXCLUDE_FROM_ALL ${registry_sources})
  target_compile_definitions(rollcall_registry_mutable PUBLIC ROLLCALL_MUTANTS)
  target_link_libraries(rollcall_registry_mutable PUBLIC rollcall_base PRIVATE rollcall_warnings)
  target_include_directories(rollcall_registry_mutable PUBLIC "${PROJECT_SOURCE_DIR}/src")
  rollcall_use_pch(rollcall_registry_mutable std)
  file(GLOB sources CONFIGURE_DEPENDS
       "${PROJECT_SOURCE_DIR}/tests/simulation/known_bad/agreement/*.cpp")
  rollcall_test_program(rollcall_agreement_known_bad_tests LABEL simulation
                        SECONDS ${ROLLCALL_SIMULATION_SECONDS_MAX} NO_SUPPORT
                        SOURCES ${sources} $<TARGET_OBJECTS:rollcall_sim>
                                $<TARGET_OBJECTS:rollcall_registry_mutable>
                        LINKS rollcall_consensus_mutable rollcall_core)
endif()

# The model of the agreement protocol (docs/raft.pml), where spin is there to look at it.
if(ROLLCALL_TESTS)
  find_program(ROLLCALL_SPIN spin)
  if(ROLLCALL_SPIN)
    add_test(NAME model.raft COMMAND "${PROJECT_SOURCE_DIR}/scripts/check_model" --quick)
    set_tests_properties(model.raft PROPERTIES LABELS simulation
                         TIMEOUT ${ROLLCALL_SIMULATION_SECONDS_MAX})
  endif()
endif()

# Each tests/fuzz/NAME.cpp defines LLVMFuzzerTestOneInput. With ROLLCALL_FUZZ it is a fuzzer; in
# every other build the same code replays tests/fuzz/corpus/NAME/ as a test. Beside the core, NAME is
# linked with what fuzz_links_NAME lists.
set(fuzz_links_target_fuzz rollcall_http)
set(fuzz_links_event_stream_fuzz rollcall_http)
set(fuzz_links_http_request_fuzz rollcall_http Boost::headers Threads::Threads)
set(fuzz_links_config_fuzz rollcall_agent nlohmann_json::nlohmann_json)
set(fuzz_links_scenario_fuzz rollcall_lab)
set(fuzz_links_raft_message_fuzz rollcall_consensus)
set(fuzz_links_registry_command_fuzz rollcall_registry)
set(fuzz_links_registry_snapshot_fuzz rollcall_registry)
set(fuzz_links_agreement_frame_fuzz rollcall_consensus)
file(GLOB fuzzers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/*.cpp")
set(replay_main "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cpp")
list(REMOVE_ITEM fuzzers "${replay_main}")
foreach(source IN LISTS fuzzers)
  cmake_path(GET source STEM name)
  set(target rollcall_fuzz_${name})
  add_executable(${target} ${source})
  target_link_libraries(${target} PRIVATE rollcall_core ${fuzz_links_${name}} rollcall_warnings)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  rollcall_use_pch(${target} std)
  set(corpus "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name}")
  if(ROLLCALL_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${name} COMMAND ${target} -runs=20000 -seed=1 "${corpus}")
  else()
    target_sources(${target} PRIVATE "${replay_main}")
    add_test(NAME fuzz.${name} COMMAND ${target} "${corpus}")
  endif()
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT ${ROLLCALL_FUZZ_SECONDS_MAX})
endforeach()
