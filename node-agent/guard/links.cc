#include "node-agent/guard/links.h"

#include <algorithm>

#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/device_tree.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// "consumer:pci:0000:02:00.1", "supplier:pci:0000:02:00.0" (Documentation/ABI/testing/
// sysfs-devices-consumer and -supplier).
std::optional<DeviceLink> device_link(const PciAddress& own, std::string_view name) {
  for (const std::string_view kind : {"consumer:pci:", "supplier:pci:"}) {
    if (!name.starts_with(kind)) continue;
    return DeviceLink{own, PciAddress::parse(name.substr(kind.size())), kind.front() == 'c'};
  }
  return std::nullopt;
}

// A card may need the bridge above it and an IOMMU. A bridge may need a Thunderbolt controller,
// which is asked for by its address (drivers/thunderbolt/acpi.c).
bool is_usual(const Subject& subject, const DeviceLink& link) {
  constexpr std::uint16_t kIommu = 0x0806;
  const auto& sysfs = subject.input.sysfs;
  return sysfs.device_class(link.other) == kIommu ||
         (!link.other_depends && sysfs.is_bridge(link.other));
}

// Such a link orders nothing but the power or the start of its devices: no driver is unbound for it
// (device_link.rst). The kernel makes one from the sound and the USB of a GPU to the GPU
// (pci_create_device_link() of drivers/pci/quirks.c).
bool orders_power_alone(const fs::path& link) {
  return read_quietly(link / "status") == "not tracked" ||
         read_quietly(link / "sync_state_only") == "1";
}

// A device on another bus than PCI that depends on a function: a USB-C connector of the platform, a
// camera. "consumer:platform:USBC000:00" is a link to the folder of the dependence, and that has
// `consumer`, a link to the device.
struct Dependent {
  std::string name;  ///< "USBC000:00"
  std::string driver;
};

// True if the device is the card's own: below a function that goes with it.
bool is_below_the_card(const Subject& subject, const fs::path& device) {
  return std::ranges::any_of(subject.same_call, [&](const Card& card) {
    return std::ranges::any_of(card.functions, [&](const PciFunction& function) {
      return lies_below(device, subject.input.sysfs.device_path(function.pci));
    });
  });
}

std::vector<Dependent> dependents(const Subject& subject, const PciAddress& pci) {
  constexpr std::string_view kConsumer = "consumer:";
  std::vector<Dependent> found;
  for (const auto& link : entries_quietly(subject.input.sysfs.device_path(pci))) {
    const auto name = link.filename().native();
    if (!name.starts_with(kConsumer) || name.starts_with("consumer:pci:")) continue;
    if (orders_power_alone(link)) continue;
    std::error_code none;
    const auto device = fs::canonical(link / "consumer", none);
    const auto driver = none ? std::string() : driver_of(device);
    if (driver.empty() || is_below_the_card(subject, device)) continue;
    const auto bus = name.find(':', kConsumer.size());
    found.push_back({name.substr(bus == std::string::npos ? kConsumer.size() : bus + 1), driver});
  }
  std::ranges::sort(found, {}, &Dependent::name);
  return found;
}

// The kernel unbinds the devices that depend on a device before the device itself
// (device_links_unbind_consumers() in drivers/base/core.c). The host would lose them, although
// nobody asked for that.
Reasons probe_links(const Subject& subject) {
  Reasons reasons;
  for (const auto& function : subject.card.functions) {
    for (const auto& one : dependents(subject, function.pci)) {
      reasons.push_back({.what = quoted_name(one.name) + " (no PCI device, driver " +
                                 quoted_name(one.driver) + ") depends on " + function.pci.sysfs(),
                         .fix = "keep it: the host would lose that device, too"});
    }
    const auto links = foreign_links(subject, function.pci);
    if (!links) continue;
    for (const auto& link : *links) {
      if (!link.other_depends) continue;
      const bool bridge = subject.input.sysfs.is_bridge(link.other);
      reasons.push_back({.what = (bridge ? "the bridge " : "") + link.other.sysfs() +
                                 " depends on " + link.own.sysfs(),
                         .fix = bridge ? "keep it: the host would lose what is behind that bridge"
                                       : "detach it too (devices: in /etc/gpupci/gpupci.yaml)"});
    }
  }
  return reasons;
}

}  // namespace

std::optional<std::vector<DeviceLink>> foreign_links(const Subject& subject,
                                                     const PciAddress& pci) {
  std::vector<DeviceLink> found;
  std::error_code gone;
  for (fs::directory_iterator at(subject.input.sysfs.device_path(pci), gone), end;
       !gone && at != end; at.increment(gone)) {
    const auto link = device_link(pci, at->path().filename().native());
    if (!link || is_usual(subject, *link) || orders_power_alone(at->path())) continue;
    if (std::ranges::any_of(subject.same_call, [&](auto& one) { return has(one, link->other); })) {
      continue;
    }
    found.push_back(*link);
  }
  if (gone) return std::nullopt;
  std::ranges::sort(found, {}, [](const DeviceLink& one) { return one.other; });
  return found;
}

constinit const Guard kLinksGuard{
    .name = "links",
    .help = "a device that stays with the host depends on it: the kernel would unbind that one too",
    .probe = probe_links,
    .of_neighbours = true,
    .at_boot = AtBoot::nothing,
    .for_vms_alone = false};

}  // namespace cluster::agent
