#include "node-agent/describe.h"

#include "node-agent/pci_ids.h"

namespace cluster::agent {

std::vector<DescribedCard> describe(const Sysfs& sysfs, const std::filesystem::path& proc,
                                    const std::vector<Card>& cards) {
  const PciIds ids;
  std::vector<DescribedCard> described;
  for (const auto& card : cards) {
    const auto& first = card.functions.front();
    described.push_back(
        {card, ids.model(first.vendor, first.device), read_identity(sysfs, proc, card)});
  }
  return described;
}

}  // namespace cluster::agent
