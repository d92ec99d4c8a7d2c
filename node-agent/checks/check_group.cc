#include <algorithm>
#include <array>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/guard/guards.h"
#include "node-agent/guard/links.h"
#include "node-agent/guard/sharers.h"
#include "node-agent/state/saved_drivers.h"

namespace cluster::agent {
namespace {

// A function without a group shares it with nobody whom we could name.
std::optional<CheckAnswer> has_no_group(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    if (function.iommu_group) continue;
    return unknown(function.pci.sysfs() + " is in no IOMMU group", "turn on the IOMMU (H2)");
  }
  return std::nullopt;
}

CheckAnswer has_group(const Subject& subject) {
  return answer(kIommuGuard.probe(subject), "every function has an IOMMU group");
}

CheckAnswer reserves_nothing(const Subject& subject) {
  if (const auto no_group = has_no_group(subject)) return *no_group;
  std::string domain;
  for (const auto& function : subject.card.functions) {
    const auto group =
        subject.input.sysfs.root() / "kernel/iommu_groups" / std::to_string(*function.iommu_group);
    const auto text = read_file(group / "reserved_regions");
    if (!text) {
      return unknown("the kernel does not tell the reserved regions",
                     "ls " + group.native() + " shows what it tells");
    }
    for (const auto line : split(*text, '\n')) {
      if (!line.ends_with(" direct")) continue;
      return warned("the firmware reserves memory of " + function.pci.sysfs() + " (" +
                        std::string(line) + "): the kernel may keep it from VMs",
                    "turn off RMRR for this slot in the firmware");
    }
    const auto type = read_file(group / "type");
    if (type && domain.empty()) domain = " (domain " + std::string(trim(*type)) + ")";
  }
  return passed("the firmware reserves no memory of it" + domain);
}

// D3 and D4 have one verdict, whichever cards were asked for.
CheckAnswer has_all_functions(const Subject& asked) {
  const auto cards = asked.input.cards();
  const Subject subject(asked.card, cards, asked.input);
  const auto reasons = kLinksGuard.probe(subject);
  if (!reasons.empty()) return answer(reasons, "");
  for (const auto& function : subject.card.functions) {
    const auto links = foreign_links(subject, function.pci);
    if (!links) return does_not_show("folder", function.pci);
    // The host loses nothing, but the card may not work without the other device.
    if (links->empty()) continue;
    return failed(function.pci.sysfs() + " depends on " + links->front().other.sysfs(),
                  "detach it too (devices: in /etc/gpupci/gpupci.yaml)");
  }
  return passed("every function of the slot is known");
}

struct Sharers {
  std::vector<std::string> cards;    // "gpupci2"
  std::vector<std::string> devices;  // of the host, or of nobody: "0000:03:00.0"
};

Sharers named_sharers(const Subject& subject, const std::vector<Card>& cards) {
  Sharers found;
  for (const auto& pci : sharers(subject.card, subject.input.sysfs)) {
    const auto of = std::ranges::find_if(cards, [&](const Card& card) { return has(card, pci); });
    auto& list = of == cards.end() ? found.devices : found.cards;
    auto name = of == cards.end() ? pci.sysfs() : of->label();
    if (std::ranges::find(list, name) == list.end()) list.push_back(std::move(name));
  }
  for (const int group : iommu_groups(subject.card)) {
    for (const auto& name : subject.input.sysfs.group_members(group).others) {
      found.devices.push_back(quoted_name(name));
    }
  }
  return found;
}

// A VM gets a group whole, and the other VMs nothing of it (Documentation/driver-api/vfio.rst).
CheckAnswer group_is_ours(const Subject& asked) {
  if (const auto no_group = has_no_group(asked)) return *no_group;
  const auto cards = asked.input.cards();
  const Subject subject(asked.card, cards, asked.input);
  const auto reasons = kGroupGuard.probe(subject);
  if (!reasons.empty()) return answer(reasons, "");
  const auto others = named_sharers(subject, cards);
  if (!others.cards.empty()) {
    const auto names = joined(others.cards, ", ");
    return warned("it shares its IOMMU group with " + names,
                  "give all of them to one VM, as no other VM can have one of them; gpupci -d " +
                      subject.card.label() + "," + joined(others.cards, ","));
  }
  if (!others.devices.empty()) {
    return passed("no driver of the host shares its IOMMU group (" + joined(others.devices, ", ") +
                  " has none)");
  }
  return passed("nobody else shares its IOMMU group");
}

// A card that no stub driver has, although gpupci detached it: somebody else gave it back.
CheckAnswer is_not_recorded(const Subject& subject) {
  const auto& card = subject.card;
  const SavedDrivers saved(subject.input.saved_drivers, subject.input.machine);
  const auto recorded = [&](const PciFunction& one) { return saved.has(one.pci); };
  const auto first = std::ranges::find_if(card.functions, recorded);
  if (first == card.functions.end() || saved.is_of_another(card)) return passed("the host has it");
  const auto name = card.label();
  if (saved.giving_back(first->pci)) {
    return failed(name + " was to be given back, and that did not end", "gpupci -a " + name);
  }
  if (!first->driver) {
    return failed("gpupci detached it, and no driver has " + first->pci.sysfs(),
                  "gpupci --restore");
  }
  return failed("gpupci detached it, and the host has it again (" + first->pci.sysfs() + " is on " +
                    *first->driver + ")",
                "gpupci -d " + name + ", or gpupci -a " + name + " when the host is to keep it");
}

CheckAnswer group_is_detached(const Subject& subject) {
  const auto& settings = subject.input.settings;
  const auto& functions = subject.card.functions;
  const auto taken = std::ranges::count_if(
      functions, [&](const auto& function) { return is_detached(function, settings); });
  if (taken == 0) return is_not_recorded(subject);
  for (const auto& function : functions) {
    if (!function.driver || is_detached(function, settings)) continue;
    return failed(function.pci.sysfs() + " is on " + *function.driver +
                      ", and the rest of the card is detached",
                  "gpupci -d " + subject.card.label());
  }
  if (const auto no_group = has_no_group(subject)) return *no_group;
  const std::vector<Card> alone{subject.card};
  return answer(kGroupGuard.probe(Subject(subject.card, alone, subject.input)),
                "its whole group is detached");
}

constexpr std::array kGroupChecks{
    CardCheck{"H5", "every function has an IOMMU group", has_group, {&kIommuGuard}},
    CardCheck{"H6", "memory that the firmware reserves; the domain of the group", reserves_nothing},
    CardCheck{"D3", "devices that depend on it, or it on them", has_all_functions, {&kLinksGuard}},
    CardCheck{"D4", "strangers in its IOMMU group", group_is_ours, {&kGroupGuard}},
    CardCheck{"D5", "a host driver has come back to a detached card", group_is_detached},
};

}  // namespace

std::span<const CardCheck> group_checks() { return kGroupChecks; }

}  // namespace cluster::agent
