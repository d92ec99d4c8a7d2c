#include "node-agent/transaction/unit.h"

#include <algorithm>
#include <iterator>

namespace cluster::agent {

std::vector<Unit> units(const std::vector<Card>& cards) {
  std::vector<Unit> all;
  for (const auto& card : cards) {
    const auto shares = [&](const Unit& unit) {
      return std::ranges::any_of(
          unit, [&](const Card& other) { return shared_group(card, other).has_value(); });
    };
    const auto first = std::ranges::find_if(all, shares);
    if (first == all.end()) {
      all.push_back({card});
      continue;
    }
    first->push_back(card);
    // The card may be what joins units that had nothing in common before.
    for (auto at = std::next(first); at != all.end();) {
      if (!shares(*at)) {
        ++at;
        continue;
      }
      std::ranges::move(*at, std::back_inserter(*first));
      at = all.erase(at);
    }
    std::ranges::sort(*first, {}, [](const Card& one) { return one.pci(); });
  }
  return all;
}

std::optional<int> shared_group(const Card& one, const Card& other) {
  for (const auto& function : one.functions) {
    if (!function.iommu_group) continue;
    const auto same = [&](const PciFunction& its) {
      return its.iommu_group == function.iommu_group;
    };
    if (std::ranges::any_of(other.functions, same)) return function.iommu_group;
  }
  return std::nullopt;
}

}  // namespace cluster::agent
