#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace cluster {

/// The words with which `call` is refused, "taken" where it is not. The test fails where the fault
/// is another one.
template <typename Call>
std::string refused_call(Fault fault, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), fault) << error.what();
    return error.what();
  }
  return "taken";
}

}  // namespace cluster
