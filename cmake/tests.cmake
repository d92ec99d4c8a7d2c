# One test program a folder: its size costs little, each program more costs a link.

# lld links a test program in a sixth of the time that GNU's linker takes.
find_program(LLD ld.lld)
mark_as_advanced(LLD)
if(LLD)
  set(test_link_options -fuse-ld=lld)
endif()

# test_program(core_test "core" LIBRARY...): runs the tests of the sources that are added to it. ctest's unit is a suite,
# or each test where tests_alone is set.
function(test_program program prefix)
  add_executable(${program})
  # Declared and never built, so that a folder need not ask before it adds something to the program.
  if(NOT BUILD_TESTING)
    set_target_properties(${program} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  target_link_libraries(${program} PRIVATE ${ARGN} GTest::gmock GTest::gtest_main)
  target_link_options(${program} PRIVATE ${test_link_options})
  precompile(${program} test)
  if(tests_alone)
    gtest_discover_tests(${program} TEST_PREFIX "${prefix}: " PROPERTIES ${test_properties})
    return()
  endif()
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${program}_suites.cmake CONTENT
    "set(program \"$<TARGET_FILE:${program}>\")
set(prefix \"${prefix}\")
include(\"${CMAKE_SOURCE_DIR}/cmake/suites.cmake\")
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES
    ${CMAKE_CURRENT_BINARY_DIR}/${program}_suites.cmake)
endfunction()

# unit_test(core/text LIBRARY...): core/text_test.cc, next to the code, is a part of core_test.
function(unit_test name)
  string(REGEX MATCH "^[^/]*" folder ${name})
  string(REPLACE "-" "_" program ${folder}_test)
  if(NOT TARGET ${program})
    test_program(${program} ${folder})
  endif()
  target_sources(${program} PRIVATE ${CMAKE_SOURCE_DIR}/${name}_test.cc)
  target_link_libraries(${program} PRIVATE ${ARGN})
endfunction()
