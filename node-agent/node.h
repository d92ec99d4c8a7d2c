#pragma once

#include <string>
#include <vector>

#include "node-agent/actions.h"
#include "node-agent/cards.h"

namespace cluster::agent {

/// What an action looks at: the host's PCI functions, and which of them are cards.
class Node {
 public:
  /// Reads the settings: throws Error as load_settings() does.
  explicit Node(const Host& host);

  const Settings& settings() const { return settings_; }
  const Sysfs& sysfs() const { return sysfs_; }

  /// The cards as they are now. Throws Error(io) when sysfs cannot be read.
  std::vector<Card> cards() const;

  /// The card called `target`, or all for "all"; empty when there is no such card. Throws
  /// Error(not_found) when all are asked for and there is none.
  std::vector<Card> pick(const std::string& target) const;

 private:
  const Host& host_;
  Settings settings_;
  Sysfs sysfs_;
};

/// Says on stderr that the host has no such card, and returns the exit status of it.
int not_found(const Call& call, const std::string& target);

}  // namespace cluster::agent
