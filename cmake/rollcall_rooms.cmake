# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
#
# rollcall_room(NAME [DEPENDS room…] [LINKS target…] [PCH std|asio])
#
# Makes src/NAME the library rollcall_NAME, and its *_test.cpp files the program
# rollcall_NAME_tests; main.cpp and *_on_demand.cpp are for a program to name. DEPENDS are rooms
# whose headers this room may include; LINKS are third-party targets that stay behind it. A room
# without sources yet is an empty target, so that the whole picture configures from the first day.
set_property(GLOBAL PROPERTY rollcall_rooms "")

function(rollcall_room name)
  cmake_parse_arguments(room "" "PCH" "DEPENDS;LINKS" ${ARGN})
  set(target rollcall_${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_on_demand|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM room_DEPENDS PREPEND rollcall_)

  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${room_DEPENDS})
    foreach(link IN LISTS room_LINKS ITEMS rollcall_warnings)
      rollcall_link_behind(${target} ${link})
    endforeach()
    if(NOT room_PCH)
      set(room_PCH std)
    endif()
    rollcall_use_pch(${target} ${room_PCH})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${room_DEPENDS})
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope}
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>"
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>")
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})

  set_property(GLOBAL APPEND PROPERTY rollcall_rooms ${name})
  set_property(GLOBAL PROPERTY rollcall_${name}_test_sources "${tests}")
  set_property(GLOBAL PROPERTY rollcall_${name}_links "${room_LINKS}")
endfunction()

# Links without handing the dependency's headers on. Header-only parts are needed by this build
# alone; the rest must also be found by whoever links the installed library.
function(rollcall_link_behind target link)
  if(link MATCHES "^(rollcall_warnings|Boost::headers|nlohmann_json::nlohmann_json|CLI11::CLI11)$")
    target_link_libraries(${target} PRIVATE "$<BUILD_INTERFACE:${link}>")
  else()
    target_link_libraries(${target} PRIVATE ${link})
  endif()
endfunction()

# rollcall_program(NAME MAIN_SOURCE LINKS target…): an executable, once its source is there.
function(rollcall_program name source)
  cmake_parse_arguments(program "" "" "LINKS" ${ARGN})
  file(GLOB found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${source}")
  if(NOT found)
    return()
  endif()
  add_executable(${name} ${found})
  target_link_libraries(${name} PRIVATE ${program_LINKS} rollcall_warnings)
  rollcall_use_pch(${name} std)
endfunction()
