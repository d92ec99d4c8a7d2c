#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/names.h"
#include "db/inventory.h"

namespace cluster::frontend {

/// What hosts said while they got rolls: a file for each host and run, HOST/TIME-ROLL.log in a
/// folder (state_folder) that only its owner reads.
class RollLogs {
 public:
  explicit RollLogs(Inventory& inventory);

  /// Keeps the last MiB of `text`, and the ten newest files of the host. Throws Error(io).
  void keep(const HostName& host, const std::string& roll, std::string_view text) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace cluster::frontend
