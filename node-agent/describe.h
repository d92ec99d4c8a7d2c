#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "node-agent/identity.h"

namespace cluster::agent {

/// A card with all that --json tells of it.
struct DescribedCard {
  Card card;
  std::optional<std::string> model;  ///< of its first function: "GP106 [GeForce GTX 1060 6GB]"
  CardIdentity identity;
};

/// Describes each of the cards. Opens libpci, which takes some milliseconds.
std::vector<DescribedCard> describe(const Sysfs& sysfs, const std::filesystem::path& proc,
                                    const std::vector<Card>& cards);

}  // namespace cluster::agent
