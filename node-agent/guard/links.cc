#include "node-agent/guard/links.h"

#include <algorithm>

#include "node-agent/guard/guards.h"

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

// The kernel unbinds the devices that depend on a device before the device itself
// (device_links_unbind_consumers() in drivers/base/core.c). The host would lose them, although
// nobody asked for that.
Reasons probe_links(const Subject& subject) {
  Reasons reasons;
  for (const auto& function : subject.card.functions) {
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
    if (!link || is_usual(subject, *link)) continue;
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
    .probe = probe_links};

}  // namespace cluster::agent
