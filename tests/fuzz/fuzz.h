#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

// Each file here is a program of libFuzzer (https://llvm.org/docs/LibFuzzer.html) for one reader of
// foreign bytes: it may refuse them with an Error, and nothing else.
namespace cluster {

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Calls `read`, which may refuse.
template <typename Read>
void may_refuse(const Read& read) {
  try {
    read();
  } catch (const Error&) {
  }
}

}  // namespace cluster
