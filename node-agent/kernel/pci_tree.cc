#include "node-agent/kernel/pci_tree.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// The name of a folder of a function; nothing for all other folders ("pci0000:00", "power").
std::optional<PciAddress> function_named(const std::string& name) {
  if (name.find('.') == std::string::npos || name.find(':') == std::string::npos) {
    return std::nullopt;
  }
  try {
    return PciAddress::parse(name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

void add_below(const fs::path& folder, std::vector<PciAddress>& found) {
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    const auto pci = function_named(at->path().filename().native());
    std::error_code gone;
    if (!pci || !at->is_directory(gone) || at->is_symlink(gone)) continue;
    found.push_back(*pci);
    add_below(at->path(), found);
  }
}

// Ports of the switch on a card that are not of the card's vendor, or whose vendor makes switches
// of boards and docks too: by the card's vendor, and the port's ids. (The ids are those of
// pci.ids.)
struct CardPort {
  std::uint16_t card_vendor;
  std::uint16_t vendor;
  std::uint16_t device;
};
constexpr std::array kCardPorts{
    CardPort{0x1002, 0x1022, 0x1470}, CardPort{0x1002, 0x1022, 0x1471},  // Vega 10
    CardPort{0x8086, 0x8086, 0x4fa0}, CardPort{0x8086, 0x8086, 0x4fa1},  // DG2
    CardPort{0x8086, 0x8086, 0x4fa4}, CardPort{0x8086, 0x8086, 0xe2ff},  // DG2, Battlemage
    CardPort{0x8086, 0x8086, 0xe2f0}, CardPort{0x8086, 0x8086, 0xe2f1},
};

bool is_on_card(const PciFunction& port, std::uint16_t vendor) {
  constexpr std::uint16_t kAti = 0x1002;  // makes no switches but for its cards
  if (vendor == kAti && port.vendor == kAti) return true;
  return std::ranges::any_of(kCardPorts, [&](const CardPort& known) {
    return known.card_vendor == vendor && known.vendor == port.vendor &&
           known.device == port.device;
  });
}

}  // namespace

std::vector<PciAddress> bridges_above(const Sysfs& sysfs, const PciAddress& pci) {
  std::error_code gone;
  const auto folder = fs::canonical(sysfs.device_path(pci), gone);
  std::vector<PciAddress> bridges;
  if (gone) return bridges;
  for (auto above = folder.parent_path();; above = above.parent_path()) {
    const auto bridge = function_named(above.filename().native());
    if (!bridge) return bridges;
    bridges.push_back(*bridge);
  }
}

std::vector<PciAddress> functions_below(const Sysfs& sysfs, const PciAddress& bridge) {
  std::vector<PciAddress> found;
  add_below(sysfs.device_path(bridge), found);
  std::ranges::sort(found);
  return found;
}

// The uppermost bridge is the root port, which is of the machine.
PciAddress upstream_port(const Sysfs& sysfs, const PciAddress& pci, std::uint16_t vendor) {
  auto port = pci;
  const auto bridges = bridges_above(sysfs, pci);
  for (std::size_t i = 0; i + 1 < bridges.size(); ++i) {
    try {
      if (!is_on_card(sysfs.read(bridges[i]), vendor)) break;
    } catch (const Error&) {
      break;
    }
    port = bridges[i];
  }
  return port;
}

}  // namespace cluster::agent
