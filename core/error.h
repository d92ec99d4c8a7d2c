#pragma once

#include <stdexcept>
#include <string>

namespace cluster {

/// The reason why something was not done. The list is closed: a new reason needs a caller that acts
/// on it.
enum class Fault {
  usage,        ///< the operator typed something invalid
  not_found,    ///< the named host, card or VM is not there
  exists,       ///< the inventory already has it
  refused,      ///< it would harm the host, or something still needs what is to go
  io,           ///< a file, the database, sysfs or libvirt failed; the message carries the reason
  unreachable,  ///< a host could not be reached: refused, timeout, host key, authentication
};

/// The only exception of the house. what() is a single line without a period. It names the thing in
/// quotes and says what would be right. Only main() prints it.
class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& message) : std::runtime_error(message), fault_(fault) {}

  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

/// Exit status of a program that ends with `fault`: 1 refused or failed, 2 wrong usage, 3 not
/// reached.
int exit_status(Fault fault);

/// Exit status for a bug of ours (EX_SOFTWARE of sysexits.h).
inline constexpr int kExitBug = 70;

}  // namespace cluster
