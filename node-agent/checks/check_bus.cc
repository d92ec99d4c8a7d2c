#include <algorithm>
#include <array>
#include <filesystem>

#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/guard/bus.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/config_space.h"
#include "node-agent/kernel/pci_tree.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// The line "TOTAL_ERR_FATAL 3" (Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats).
std::optional<long long> total(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("TOTAL_ERR")) return parse_number(line.substr(line.rfind(' ') + 1));
  }
  return std::nullopt;
}

// The sum of both kinds of errors that the kernel counts; nothing when it does not show them.
std::optional<long long> errors(const Sysfs& sysfs, const PciAddress& pci) {
  long long sum = 0;
  for (const auto* name : {"aer_dev_fatal", "aer_dev_nonfatal"}) {
    const auto count = total(sysfs.attribute(pci, name).value_or(""));
    if (!count) return std::nullopt;
    sum += *count;
  }
  return sum;
}

CheckAnswer is_alive(const Subject& subject) {
  const auto reasons = kBusGuard.probe(subject);
  if (!reasons.empty()) return answer(reasons, "");
  for (const auto& function : subject.card.functions) {
    if (!has_fallen_off(subject.input.sysfs, function.pci)) {
      return does_not_show("config", function.pci);
    }
  }
  return passed("every function answers");
}

// Who else is below the bridge above the card, and is reset with it. A virtual function is a part
// of its card, and a bridge comes back by itself.
std::vector<PciAddress> reset_with(const Card& card, const PciAddress& bridge, const Sysfs& sysfs) {
  constexpr std::uint16_t kBridge = 0x06;
  auto others = functions_below(sysfs, bridge);
  std::erase_if(others, [&](const PciAddress& pci) {
    const auto device_class = sysfs.device_class(pci);
    return has(card, pci) || sysfs.is_virtual(pci) || !device_class ||
           *device_class >> 8U == kBridge;
  });
  return others;
}

std::string words(const std::vector<PciAddress>& functions) {
  constexpr std::size_t kShown = 4;
  std::vector<std::string> names;
  for (const auto& pci : functions) {
    if (names.size() == kShown) break;
    names.push_back(pci.sysfs());
  }
  const auto more = functions.size() - names.size();
  return joined(names, ", ") + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

// Where no function can be reset by itself, vfio resets the bus of a VM's functions, if all
// functions on it are the VM's (VFIO_DEVICE_PCI_HOT_RESET of include/uapi/linux/vfio.h).
CheckAnswer has_reset(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto& first = subject.card.functions.front();
  const auto methods = sysfs.attribute(first.pci, "reset_method");
  const auto by_bus = !methods || methods->empty() || *methods == "bus";
  if (!by_bus) return passed("it can be reset (" + *methods + ")");
  if (!methods && fs::exists(sysfs.device_path(first.pci) / "reset")) {
    return passed("it can be reset");  // there is no list of methods before Linux 5.15
  }
  const auto bridges = bridges_above(sysfs, first.pci);
  if (bridges.empty() && methods.value_or("").empty()) {
    return warned(first.pci.sysfs() + " cannot be reset: it is on no bus of its own",
                  "reboot the host when a VM has crashed with it");
  }
  const auto others = bridges.empty() ? std::vector<PciAddress>()
                                      : reset_with(subject.card, bridges.front(), sysfs);
  if (others.empty()) return passed("it can be reset (bus)");
  return warned("its reset (bus) resets " + words(others) + " as well",
                "give all of them to the same VM, or put the card alone behind its PCIe port; else "
                "reboot the host when a VM has crashed with it");
}

// The lanes of a link as one of its ends shows them.
struct Lanes {
  long long now = 0;
  long long most = 0;
};

// Nothing when the end has no such attributes, or one that is no number of lanes: a device that
// does not answer shows 63, which is six bits of ones.
std::optional<Lanes> lanes(const Sysfs& sysfs, const PciAddress& pci) {
  constexpr long long kMost = 32;
  const auto number = [&](const char* name) {
    return parse_number(sysfs.attribute(pci, name).value_or(""));
  };
  const auto now = number("current_link_width");
  const auto most = number("max_link_width");
  if (!now || !most || *now > kMost || *most > kMost) return std::nullopt;
  return Lanes{*now, *most};
}

CheckAnswer judge(const Sysfs& sysfs, const PciAddress& port, const Lanes& own, bool is_card) {
  const auto of_all = std::to_string(own.now) + " of " + std::to_string(own.most) + " lanes";
  const auto text = is_card ? "its link has " + of_all
                            : "the link of its switch " + port.sysfs() + " has " + of_all;
  if (own.now >= own.most) return passed(text);
  const auto bridges = bridges_above(sysfs, port);
  const auto above = bridges.empty() ? std::nullopt : lanes(sysfs, bridges.front());
  if (!above || above->most == 0) {
    return warned(text, "reseat the card, or use a slot with more lanes");
  }
  const auto name = "the port above, " + bridges.front().sysfs() + ", ";
  // Both ends of a link have the same lanes. Where they differ, it is a link inside of a chip, or a
  // port that a hypervisor shows.
  if (above->now != own.now) {
    return passed(text + ", and " + name + "shows " + std::to_string(above->now) +
                  ": it is no link of a slot");
  }
  if (above->most > own.now) return warned(text, "reseat the card, check its riser");
  if (is_card) return passed(text + ", all that " + name + "has");
  return warned(text + ", all that " + name + "has", "use a slot with more lanes");
}

// The card shows the link to its own switch, which is always whole. The slot has that of the
// switch.
CheckAnswer has_full_link(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto& first = subject.card.functions.front();
  const auto port = subject.card.slice ? first.pci : upstream_port(sysfs, first.pci, first.vendor);
  const auto width = sysfs.attribute(port, "current_link_width");
  const auto most = sysfs.attribute(port, "max_link_width");
  if (!width || !most) {
    const auto express = is_express(sysfs, port);
    if (!express) return cannot_tell("whether it has a PCIe link", port);
    if (*express) return does_not_show("current_link_width", port);
    return passed("it is no PCIe device, and has no link");
  }
  // A virtual function uses the link of its card; a device in the chipset has no link.
  if (*most == "0" || *most == "255") return passed("it has no PCIe link of its own");
  const auto own = lanes(sysfs, port);
  if (!own) {
    return unknown("link width " + quote(*width) + " of " + quote(*most),
                   "lspci -vv -s " + port.sysfs() + " shows it too (LnkSta)");
  }
  return judge(sysfs, port, *own, port == first.pci);
}

CheckAnswer has_no_errors(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  bool counted = false;
  for (const auto& function : subject.card.functions) {
    const auto count = errors(sysfs, function.pci);
    if (count && *count != 0) {
      return warned(function.pci.sysfs() + " had " + std::to_string(*count) +
                        " PCIe errors since boot (aer_dev_fatal, aer_dev_nonfatal)",
                    "reseat the card, check its riser and power cables");
    }
    counted = counted || count;
    if (count) continue;
    const auto reports = has_capability(sysfs, function.pci, ExtendedCapability::error_reporting);
    if (!reports) return cannot_tell("whether it reports PCIe errors", function.pci);
    if (*reports) {
      return unknown("the kernel counts no PCIe errors of " + function.pci.sysfs(),
                     "lspci -vv -s " + function.pci.sysfs() + " shows its last ones (UESta)");
    }
  }
  return passed(counted ? "no PCIe error was reported" : "it is not made to report PCIe errors");
}

constexpr std::array kBusChecks{
    CardCheck{"D1", "it answers on the bus", is_alive, {&kBusGuard}},
    CardCheck{"D14", "how it can be reset", has_reset, {}, true},
    CardCheck{"D16", "lanes of its PCIe link", has_full_link, {}, true},
    CardCheck{"D17", "PCIe errors since boot", has_no_errors, {}, true},
};

}  // namespace

CheckAnswer cannot_tell(std::string_view what, const PciAddress& pci) {
  return unknown_to_others("it is not known " + std::string(what) +
                           ": the configuration space of " + pci.sysfs() + " cannot be read whole");
}

std::span<const CardCheck> bus_checks() { return kBusChecks; }

}  // namespace cluster::agent
