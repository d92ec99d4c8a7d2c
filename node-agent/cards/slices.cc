#include "node-agent/cards/slices.h"

#include <string_view>

#include "core/text.h"

namespace cluster::agent {
namespace {

long long count_in(const Sysfs& sysfs, const PciAddress& pci, std::string_view attribute) {
  return parse_number(sysfs.attribute(pci, attribute).value_or("0")).value_or(0);
}

}  // namespace

std::optional<Sriov> read_sriov(const Card& card, const Sysfs& sysfs) {
  for (const auto& function : card.functions) {
    const auto total = count_in(sysfs, function.pci, "sriov_totalvfs");
    if (total == 0) continue;
    const auto vfs = sysfs.virtual_functions(function.pci).size();
    return Sriov{function.pci, total, static_cast<long long>(vfs)};
  }
  return std::nullopt;
}

std::vector<Card> slices_of(const Card& card, const Sysfs& sysfs) {
  std::vector<Card> slices;
  const auto sriov = read_sriov(card, sysfs);
  if (!sriov) return slices;
  for (const auto& [index, pci] : sysfs.virtual_functions(sriov->pci)) {
    // The link stays when somebody removes a virtual function by its own `remove`.
    if (!sysfs.device_class(pci)) continue;
    slices.push_back({card.name, {sysfs.read(pci)}, index});
  }
  return slices;
}

void add_slices(std::vector<Card>& cards, const Sysfs& sysfs) {
  std::vector<Card> all;
  for (const auto& card : cards) {
    all.push_back(card);
    for (auto& slice : slices_of(card, sysfs)) all.push_back(std::move(slice));
  }
  cards = std::move(all);
}

}  // namespace cluster::agent
