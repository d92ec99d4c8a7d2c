#include "node-agent/output/card_facts.h"

#include "node-agent/kernel/pci_ids.h"

namespace cluster::agent {

std::vector<CardFacts> card_facts(const Environment& environment, const Sysfs& sysfs,
                                  const std::vector<Card>& cards) {
  const PciIds ids;
  const WedgedCards wedged(environment);
  std::vector<CardFacts> described;
  for (const auto& card : cards) {
    const auto& first = card.functions.front();
    described.push_back({.card = card,
                         .model = ids.model(first.vendor, first.device),
                         .identity = read_identity(sysfs, environment.proc, card),
                         .wedge = wedged.find(first.pci),
                         .sriov = read_sriov(card, sysfs),
                         .slices = slices_of(card, sysfs)});
  }
  return described;
}

}  // namespace cluster::agent
