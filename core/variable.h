#pragma once

#include <cstdlib>
#include <string>

namespace cluster {

/// The value of an environment variable, "" when there is none.
inline std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace cluster
