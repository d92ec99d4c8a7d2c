#include "node-agent/cards/slices.h"

#include <system_error>

#include "core/text.h"

namespace cluster::agent {
namespace {

long long number(const Sysfs& sysfs, const PciAddress& pci, std::string_view attribute) {
  return parse_number(sysfs.attribute(pci, attribute).value_or("0")).value_or(0);
}

}  // namespace

std::optional<Sriov> read_sriov(const Card& card, const Sysfs& sysfs) {
  for (const auto& function : card.functions) {
    const auto total = number(sysfs, function.pci, "sriov_totalvfs");
    if (total == 0) continue;
    return Sriov{function.pci, total, number(sysfs, function.pci, "sriov_numvfs")};
  }
  return std::nullopt;
}

std::vector<Card> slices_of(const Card& card, const Sysfs& sysfs) {
  std::vector<Card> slices;
  const auto sriov = read_sriov(card, sysfs);
  if (!sriov) return slices;
  for (int i = 0; i < sriov->vfs; ++i) {
    std::error_code gone;
    const auto link = sysfs.device_path(sriov->pci) / ("virtfn" + std::to_string(i));
    const auto target = std::filesystem::read_symlink(link, gone);
    if (gone) continue;
    slices.push_back({card.name, {sysfs.read(PciAddress::parse(target.filename().native()))}, i});
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
