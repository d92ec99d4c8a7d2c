#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "ssh/config_file.h"

namespace cluster::ssh {

/// Tells which blocks of a configuration a host has to look at. As a rule each of a thousand hosts
/// has a block of its own.
class ConfigIndex {
 public:
  ConfigIndex() = default;
  explicit ConfigIndex(const std::vector<ConfigBlock>& blocks);

  /// The indices of the blocks that may matter for the host `name`, in their order.
  std::vector<std::size_t> blocks_for(const std::string& name) const;

 private:
  std::vector<std::size_t> of_any_;
  std::unordered_map<std::string, std::vector<std::size_t>> of_one_;
};

}  // namespace cluster::ssh
