#include "node-agent/cards/slices.h"

#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>

#include "core/text.h"

namespace cluster::agent {
namespace {

long long count_in(const Sysfs& sysfs, const PciAddress& pci, std::string_view attribute) {
  return parse_number(sysfs.attribute(pci, attribute).value_or("0")).value_or(0);
}

// The virtual functions by their numbers: "virtfn0" is a link to the device.
std::map<int, PciAddress> virtual_functions(const Sysfs& sysfs, const PciAddress& pci) {
  constexpr std::string_view kName = "virtfn";
  std::map<int, PciAddress> found;
  std::error_code gone;
  std::filesystem::directory_iterator at(sysfs.device_path(pci), gone);
  for (; !gone && at != std::filesystem::directory_iterator(); at.increment(gone)) {
    const auto name = at->path().filename().native();
    if (!name.starts_with(kName)) continue;
    const auto index = parse_number(std::string_view(name).substr(kName.size()));
    std::error_code no_link;
    const auto target = std::filesystem::read_symlink(at->path(), no_link);
    if (!index || no_link) continue;
    found.emplace(static_cast<int>(*index), PciAddress::parse(target.filename().native()));
  }
  return found;
}

}  // namespace

std::optional<Sriov> read_sriov(const Card& card, const Sysfs& sysfs) {
  for (const auto& function : card.functions) {
    const auto total = count_in(sysfs, function.pci, "sriov_totalvfs");
    if (total == 0) continue;
    const auto vfs = virtual_functions(sysfs, function.pci).size();
    return Sriov{function.pci, total, static_cast<long long>(vfs)};
  }
  return std::nullopt;
}

std::vector<Card> slices_of(const Card& card, const Sysfs& sysfs) {
  std::vector<Card> slices;
  const auto sriov = read_sriov(card, sysfs);
  if (!sriov) return slices;
  for (const auto& [index, pci] : virtual_functions(sysfs, sriov->pci)) {
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
