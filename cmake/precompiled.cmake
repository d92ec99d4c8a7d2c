# Two ways to compile less often what all units share. The headers of the standard library are read
# once for many units. And up to sixteen files of a folder are compiled as one unit: most of the time
# of a unit goes into the templates of these headers, which all files use. So no two files of a folder
# may give the same name to different things, in an anonymous namespace neither. A new build folder
# with -DROLLCALL_PCH=OFF does neither, and proves that every file includes what it uses.

set(files_a_unit 16)

set(standard_headers
  <algorithm> <array> <chrono> <filesystem> <fstream> <functional> <map> <memory> <optional> <set>
  <span> <sstream> <stdexcept> <string> <string_view> <thread> <unordered_map> <utility> <variant>
  <vector>)
# node-agent/ has options of its own, and so needs a copy of its own.
set(agent_headers ${standard_headers})
set(test_headers ${standard_headers} <gmock/gmock.h> <gtest/gtest.h>)

# Names the unit of each file of the target. Files in different folders are never in one.
function(unite_by_folder target)
  get_target_property(files ${target} SOURCES)
  foreach(file IN LISTS files)
    get_filename_component(folder ${file} DIRECTORY)
    get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR}/${folder} NAME)
    if(NOT DEFINED files_of_${folder})
      set(files_of_${folder} 0)
    endif()
    math(EXPR unit "${files_of_${folder}} / ${files_a_unit}")
    math(EXPR files_of_${folder} "${files_of_${folder}} + 1")
    set_source_files_properties(${file} PROPERTIES UNITY_GROUP ${folder}_${unit})
  endforeach()
endfunction()

# precompile(core standard): `core` reads standard_headers from a precompiled header. The first
# target of a kind makes that header, the next ones, which need the same compile options, read it.
# precompile(core standard TAKEN_BY_FILE): what is not built to be debugged has a unit for each of its
# files, of which gpupci takes some. With sections in their place gpupci is a fifth larger.
function(precompile target kind)
  if(ROLLCALL_UNITY AND (NOT ARGV2 STREQUAL "TAKEN_BY_FILE" OR CMAKE_BUILD_TYPE STREQUAL "Debug"))
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    # At the end of the folder, as tests are added to a program one after the other.
    cmake_language(EVAL CODE "cmake_language(DEFER CALL unite_by_folder [[${target}]])")
  endif()
  if(NOT ROLLCALL_PCH)
    return()
  endif()
  get_property(maker GLOBAL PROPERTY "maker of ${kind} headers")
  if(maker)
    target_precompile_headers(${target} REUSE_FROM ${maker})
  else()
    target_precompile_headers(${target} PRIVATE ${${kind}_headers})
    set_property(GLOBAL PROPERTY "maker of ${kind} headers" ${target})
  endif()
endfunction()
