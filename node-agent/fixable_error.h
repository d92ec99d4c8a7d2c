#pragma once

#include <string>
#include <utility>

#include "core/error.h"

namespace cluster::agent {

/// An Error with a way out that the operator can be told: what() has both, with "; " between.
class FixableError : public Error {
 public:
  FixableError(Fault fault, const std::string& what, std::string fix)
      : Error(fault, what + "; " + fix), what_(what), fix_(std::move(fix)) {}

  const std::string& what_happened() const { return what_; }
  const std::string& fix() const { return fix_; }

 private:
  std::string what_;
  std::string fix_;
};

}  // namespace cluster::agent
