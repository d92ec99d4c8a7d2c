# ctest reads this before it runs the tests of a folder, with `program` and `prefix` set: each suite of the program is one
# test. A test of each of its tests would start the program two thousand times; with sanitizers a start is
# 20 to 90 ms of CPU time, more than most tests.
execute_process(COMMAND "${program}" --gtest_list_tests OUTPUT_VARIABLE listed RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  add_test("${prefix}: ${program}" "${program}" --gtest_list_tests)  # it is not built, and fails as such
  return()
endif()
# A suite stands at the start of a line and ends with a dot; its tests are indented.
string(REGEX MATCHALL "\n[^ \n]+\\.[ \n]" suites "\n${listed}")
foreach(suite IN LISTS suites)
  string(STRIP "${suite}" suite)
  string(REGEX REPLACE "\\.$" "" name "${suite}")
  add_test("${prefix}: ${name}" "${program}" "--gtest_filter=${suite}*")
endforeach()
