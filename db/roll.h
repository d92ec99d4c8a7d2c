#pragma once

#include <string>

namespace cluster {

/// A roll whose folder is NAME-VERSION in `rolls` beside the inventory's file.
struct StoredRoll {
  std::string name;
  std::string version;
  std::string arch;  ///< as `uname -m` says it, or "any"
  bool enabled = false;
  std::string checksum;  ///< of the folder when it was added

  std::string full_name() const { return name + "-" + version; }
};

}  // namespace cluster
