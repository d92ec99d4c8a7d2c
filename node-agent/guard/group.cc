#include <algorithm>
#include <array>
#include <filesystem>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOwnGroup = "put the card into a slot with a group of its own";

// Displays, accelerators, NVMe disks, network cards, sound and USB controllers: a VM can have them.
// Any other device of a host is its own: SATA and SMBus controllers, security processors, bridges.
bool may_go(const PciFunction& function) {
  constexpr std::array<std::uint16_t, 5> kKinds{0x0108, 0x0401, 0x0403, 0x0c03, 0x1200};
  const auto base = function.device_class >> 8U;
  return base == 0x02 || base == 0x03 ||
         std::ranges::find(kKinds, function.device_class) != kKinds.end();
}

// The slot of a device as if it were a card.
Card as_card(const Subject& subject, const PciAddress& pci) {
  Card card{GpuName("gpupci"), {}};
  for (const auto& one : subject.input.sysfs.functions()) {
    if (one.same_slot(pci)) card.functions.push_back(subject.input.sysfs.read(one));
  }
  return card;
}

// True if the host would not miss the slot: nobody uses it, and a VM could have all of it. In doubt
// it is false.
bool host_can_spare(const Subject& subject, const PciAddress& pci) {
  try {
    const auto card = as_card(subject, pci);
    const bool goes = std::ranges::all_of(card.functions, [&](const PciFunction& one) {
      return may_go(one) && !subject.input.sysfs.is_bridge(one.pci);
    });
    const std::vector<Card> alone{card};
    const Subject other(card, alone, subject.input);
    return goes && std::ranges::all_of(guards(), [&](const Guard* guard) {
             return !guard->of_neighbours || guard->probe(other).empty();
           });
  } catch (const Error&) {
    return false;
  }
}

// "gpupci1,gpupci2": the card and those that share its group; empty when the device is no card.
std::string cards_with(const Subject& subject, const PciAddress& pci, int group) {
  std::vector<std::string> names;
  bool is_card = false;
  for (const auto& card : subject.input.cards()) {
    const bool own = has(card, subject.card.pci());
    if (!own && std::ranges::none_of(card.functions, [&](const PciFunction& one) {
          return one.iommu_group == group;
        })) {
      continue;
    }
    names.push_back(own ? subject.card.label() : card.label());
    is_card = is_card || has(card, pci);
  }
  return is_card ? joined(names, ",") : "";
}

std::string fix_for(const Subject& subject, const PciAddress& pci, int group) {
  if (const auto names = cards_with(subject, pci, group); !names.empty()) {
    return "they go together, to one VM: gpupci -d " + names;
  }
  auto fix = std::string(kOwnGroup);
  if (host_can_spare(subject, pci)) {
    fix += ", or detach that device too (devices: in /etc/gpupci/gpupci.yaml)";
  }
  return fix;
}

Reason foreigner(const Subject& subject, const PciFunction& other, int group) {
  return {.what = other.pci.sysfs() + " (class " + hex4(other.device_class) + ", driver " +
                  *other.driver + ") shares IOMMU group " + std::to_string(group) + " with it",
          .fix = fix_for(subject, other.pci, group)};
}

// A device on no PCI bus: of the platform, of ACPI, of Hyper-V. Nobody can give it to a VM.
std::optional<Reason> foreigner(const Subject& subject, const std::string& name, int group) {
  const auto device = subject.input.sysfs.group_path(group) / name;
  std::error_code unknown;
  const auto driver = fs::read_symlink(device / "driver", unknown);
  if (unknown && fs::is_directory(device)) return std::nullopt;  // no driver has it
  return Reason{.what = quoted_name(name) + " (no PCI device" +
                        (unknown ? "" : ", driver " + quoted_name(driver.filename().native())) +
                        ") shares IOMMU group " + std::to_string(group) + " with it",
                .fix = std::string(kOwnGroup)};
}

std::optional<Reason> foreigner(const Subject& subject, const PciAddress& pci, int group) {
  const auto& input = subject.input;
  const auto is_in = [&](const Card& card) { return has(card, pci); };
  if (std::ranges::any_of(subject.same_call, is_in) || input.sysfs.is_bridge(pci)) {
    return std::nullopt;
  }
  const auto driver = input.sysfs.driver(pci);
  if (!driver || input.settings.is_stub(*driver)) return std::nullopt;
  if (const auto function = input.sysfs.find(pci)) return foreigner(subject, *function, group);
  return Reason{.what = pci.sysfs() + " (it cannot be read, driver " + quoted_name(*driver) +
                        ") shares IOMMU group " + std::to_string(group) + " with it",
                .fix = std::string(kOwnGroup)};
}

// While another device of a group has a host driver, the kernel calls the group not viable, and no
// VM starts with the card. A bridge does no harm.
Reasons probe_group(const Subject& subject) {
  Reasons reasons;
  for (const int group : iommu_groups(subject.card)) {
    const auto members = subject.input.sysfs.group_members(group);
    for (const auto& pci : members.functions) {
      if (auto reason = foreigner(subject, pci, group)) reasons.push_back(std::move(*reason));
    }
    for (const auto& name : members.others) {
      if (auto reason = foreigner(subject, name, group)) reasons.push_back(std::move(*reason));
    }
  }
  return reasons;
}

}  // namespace

constinit const Guard kGroupGuard{
    .name = "group",
    .help = "a device of the host shares its IOMMU group and has a driver",
    .probe = probe_group,
    .of_neighbours = false,
    .at_boot = AtBoot::nothing,
    .for_vms_alone = true};

}  // namespace cluster::agent
