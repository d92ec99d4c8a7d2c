#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node-agent/cards/identity.h"
#include "node-agent/cards/slices.h"
#include "node-agent/environment.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {

/// A card with all the facts that --json prints about it.
struct CardFacts {
  Card card;
  std::optional<std::string> model;  ///< of its first function: "GP106 [GeForce GTX 1060 6GB]"
  CardIdentity identity;
  std::optional<Wedge> wedge;
  std::optional<Sriov> sriov;
  std::vector<Card> slices;
};

/// Describes each of the cards. Opens libpci, which takes some milliseconds. Throws Error(io).
std::vector<CardFacts> card_facts(const Environment& environment, const Sysfs& sysfs,
                                  const std::vector<Card>& cards);

}  // namespace cluster::agent
