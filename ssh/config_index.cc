#include "ssh/config_index.h"

#include <algorithm>
#include <iterator>

namespace cluster::ssh {
namespace {

// True if the block does nothing at all unless the host has one of the names of its first line.
bool is_of_names(const ConfigBlock& block) {
  if (block.conditions.empty() || block.conditions.front().keyword != "host") return false;
  const auto is_name = [](const std::string& word) {
    return word.find_first_of("*?!") == std::string::npos;
  };
  // Others lead to OpenSSH wherever they stand.
  const auto is_harmless = [](const Setting& setting) {
    return setting.is_usual && setting.use != Use::unknown;
  };
  return std::ranges::all_of(block.conditions.front().words, is_name) &&
         std::ranges::all_of(block.settings, is_harmless);
}

}  // namespace

ConfigIndex::ConfigIndex(const std::vector<ConfigBlock>& blocks) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!is_of_names(blocks[i])) {
      of_any_.push_back(i);
      continue;
    }
    for (const auto& name : blocks[i].conditions.front().words) {
      auto& own = of_one_[name];
      if (own.empty() || own.back() != i) own.push_back(i);
    }
  }
}

std::vector<std::size_t> ConfigIndex::blocks_for(const std::string& name) const {
  const auto own = of_one_.find(name);
  if (own == of_one_.end()) return of_any_;
  std::vector<std::size_t> blocks;
  std::ranges::merge(of_any_, own->second, std::back_inserter(blocks));
  return blocks;
}

}  // namespace cluster::ssh
