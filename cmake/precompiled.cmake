# Headers that are read once for many units. Every file still includes what it uses: a build with
# -DROLLCALL_PCH=OFF proves it.

set(standard_headers
  <algorithm> <array> <chrono> <filesystem> <fstream> <functional> <map> <memory> <optional> <set>
  <span> <sstream> <stdexcept> <string> <string_view> <thread> <unordered_map> <utility> <variant>
  <vector>)
# node-agent/ has options of its own, and so needs a copy of its own.
set(agent_headers ${standard_headers})
set(test_headers ${standard_headers} <gmock/gmock.h> <gtest/gtest.h>)

# precompile(core standard): `core` reads standard_headers from a precompiled header. The first
# target of a kind makes that header, the next ones, which need the same compile options, read it.
function(precompile target kind)
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
