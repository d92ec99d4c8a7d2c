#pragma once

#include <string>

#include "cmd/line/options.h"
#include "ssh/transport.h"

namespace cluster::cmd {

/// The keys connect-timeout= and num-threads= of a command that logs in to many hosts.
struct LoginKeys {
  std::string connect_timeout = "10";  ///< seconds
  std::string num_threads = "1024";    ///< hosts at once

  void declare(Options& options);

  /// Throws Error(usage) when one of them is no number in its range.
  ssh::Limits limits() const;
};

}  // namespace cluster::cmd
