#include <algorithm>
#include <array>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/guard/bus.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/config_space.h"
#include "node-agent/kernel/regions.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

bool is_display(const PciFunction& function) {
  return function.device_class >> 8U == 0x03 || function.device_class >> 8U == 0x12;
}

// Cards whose reset is known to go wrong, as operators report it.
struct KnownReset {
  std::uint16_t vendor;
  std::uint16_t device;
  std::string_view why;
};
constexpr std::array kKnownResets{
    KnownReset{0x10de, 0x2b85, "a function level reset can freeze this model"},
    KnownReset{0x10de, 0x2b87, "a function level reset can freeze this model"},
    KnownReset{0x10de, 0x2b8c, "a function level reset can freeze this model"},
};

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

// Only root can read the part of the configuration space that would tell.
CheckAnswer cannot_tell(std::string_view what, const PciAddress& pci) {
  return unknown_to_others("it is not known " + std::string(what) +
                           ": the configuration space of " + pci.sysfs() + " cannot be read whole");
}

std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

int numa_nodes(const Sysfs& sysfs) {
  int count = 0;
  std::error_code missing;
  for (fs::directory_iterator at(sysfs.root() / "devices/system/node", missing), end;
       !missing && at != end; at.increment(missing)) {
    const auto name = at->path().filename().native();
    if (name.starts_with("node") && parse_number(name.substr(4))) ++count;
  }
  return count;
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

CheckAnswer has_reset(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto& first = subject.card.functions.front();
  for (const auto& known : kKnownResets) {
    if (first.vendor != known.vendor || first.device != known.device) continue;
    return warned(std::string(known.why),
                  "echo bus >" + (sysfs.device_path(first.pci) / "reset_method").native());
  }
  const auto methods = sysfs.attribute(first.pci, "reset_method");
  if (!methods || methods->empty()) {
    if (!methods && fs::exists(sysfs.device_path(first.pci) / "reset")) {
      return passed("it can be reset");
    }
    return warned(
        first.pci.sysfs() + " cannot be reset",
        "put it alone behind its PCIe port, where its bus can be reset; else reboot the host "
        "when a VM has crashed with it");
  }
  if (*methods == "bus" && first.iommu_group) {
    for (const auto& pci : sysfs.group_members(*first.iommu_group).functions) {
      if (has(subject.card, pci) || sysfs.device_class(pci) == 0x0604) continue;
      return warned("its reset (bus) resets " + pci.sysfs() + " as well",
                    "give both to the same VM");
    }
  }
  return passed("it can be reset (" + *methods + ")");
}

CheckAnswer stays_powered(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto idle =
      read_file(sysfs.root() / "module/vfio_pci/parameters/disable_idle_d3").value_or("N");
  bool has_gpu = false;
  for (const auto& function : subject.card.functions) {
    if (!is_display(function)) continue;
    has_gpu = true;
    const auto file = sysfs.device_path(function.pci) / "d3cold_allowed";
    if (sysfs.attribute(function.pci, "power_state") == "D3cold") {
      return warned(function.pci.sysfs() + " is without power (D3cold)",
                    "echo 0 >" + file.native());
    }
    if (trim(idle) == "Y") continue;
    const auto allowed = sysfs.attribute(function.pci, "d3cold_allowed");
    if (!allowed) return does_not_show("d3cold_allowed", function.pci);
    if (*allowed == "1") {
      return warned(function.pci.sysfs() + " may lose its power when idle (D3cold)",
                    "echo 0 >" + file.native() + ", or load vfio-pci with disable_idle_d3=1");
    }
  }
  return passed(has_gpu ? "it keeps its power" : "it is no GPU, and may lose its power");
}

CheckAnswer has_full_link(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto& pci = subject.card.pci();
  const auto width = sysfs.attribute(pci, "current_link_width");
  const auto most = sysfs.attribute(pci, "max_link_width");
  if (!width || !most) {
    const auto express = is_express(sysfs, pci);
    if (!express) return cannot_tell("whether it has a PCIe link", pci);
    if (*express) return does_not_show("current_link_width", pci);
    return passed("it is no PCIe device, and has no link");
  }
  // A virtual function uses the link of its card; a device in the chipset has no link.
  if (*most == "0" || *most == "255") return passed("it has no PCIe link of its own");
  const auto now = parse_number(*width);
  const auto all = parse_number(*most);
  if (!now || !all) {
    return unknown("link width " + quote(*width) + " of " + quote(*most),
                   "lspci -vv -s " + pci.sysfs() + " shows it too (LnkSta)");
  }
  if (*now < *all) {
    return warned("its link has " + *width + " of " + *most + " lanes",
                  "reseat the card, or use a slot with more lanes");
  }
  return passed("its link has " + *width + " of " + *most + " lanes");
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

// "region 1 of 0000:02:00.0 (256 MiB)"
std::string words(const Region& region, const PciAddress& pci) {
  const auto size = region.size();
  return "region " + std::to_string(region.number) + " of " + pci.sysfs() +
         (size ? " (" + mib(*size) + ")" : "");
}

// No driver of today needs a region of ports.
CheckAnswer has_addresses(const Subject& subject) {
  constexpr std::string_view kFix =
      "turn on Above 4G Decoding in the firmware, or boot with pci=realloc";
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    const auto& pci = function.pci;
    if (!sysfs.attribute(pci, "resource")) return does_not_show("resource", pci);
    const auto all = regions(sysfs, pci);
    for (const auto& region : all) {
      if (region.placed() || !region.is_memory()) continue;
      return failed(words(region, pci) + " has no address", std::string(kFix));
    }
    // Whoever draws or computes has memory. A region of 32 bits leaves no trace when it got none.
    if (is_display(function) && std::ranges::none_of(all, &Region::is_memory)) {
      return failed("no region of " + pci.sysfs() + " has an address", std::string(kFix));
    }
  }
  return passed("every region has an address");
}

CheckAnswer bar_size(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    for (const auto& region : regions(sysfs, function.pci)) {
      const auto name = "resource" + std::to_string(region.number) + "_resize";
      if (!fs::exists(sysfs.device_path(function.pci) / name)) continue;
      return passed(words(region, function.pci) + " can be resized");
    }
  }
  // Kernels before 6.1 have no such attribute.
  for (const auto& function : subject.card.functions) {
    const auto can = has_capability(sysfs, function.pci, ExtendedCapability::resizable_bar);
    if (!can) return cannot_tell("whether a region can be resized", function.pci);
    if (*can) return passed("a region of " + function.pci.sysfs() + " can be resized");
  }
  return passed("no region can be resized");
}

CheckAnswer has_rom(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    const auto starts = is_first_display(sysfs, function);
    if (!starts) return does_not_show("boot_vga", function.pci);
    if (!*starts || !fs::exists(sysfs.device_path(function.pci) / "rom")) continue;
    return warned("the host sees a shadow of the ROM of " + function.pci.sysfs(),
                  "give the VM the ROM as a file, <rom file='...'/>, or none, <rom bar='off'/>");
  }
  return passed("its ROM is its own");
}

CheckAnswer has_numa_node(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto node = sysfs.attribute(subject.card.pci(), "numa_node");
  const auto nodes = numa_nodes(sysfs);
  if (nodes == 0) {
    return unknown("the kernel does not show the NUMA nodes of the host",
                   "boot a kernel with CONFIG_NUMA");
  }
  if (nodes == 1) return passed("the host has one NUMA node");
  if (!node || *node == "-1") {
    return unknown("the firmware does not tell its NUMA node", "update the firmware");
  }
  return passed("it is on NUMA node " + *node);
}

constexpr std::array kChecks{
    CardCheck{"D1", "it answers on the bus", is_alive, {&kBusGuard}},
    CardCheck{"D14", "how it can be reset", has_reset},
    CardCheck{"D15", "it may lose its power (D3cold)", stays_powered},
    CardCheck{"D16", "lanes of its PCIe link", has_full_link},
    CardCheck{"D17", "PCIe errors since boot", has_no_errors},
    CardCheck{"D18", "its regions have addresses", has_addresses},
    CardCheck{"D19", "resizable regions", bar_size},
    CardCheck{"D20", "a shadowed ROM", has_rom},
    CardCheck{"D21", "NUMA node on a host with several", has_numa_node},
};

}  // namespace

std::optional<bool> is_first_display(const Sysfs& sysfs, const PciFunction& function) {
  constexpr std::uint16_t kVga = 0x0300;  // others have no such attribute (drivers/pci/pci-sysfs.c)
  if (function.device_class != kVga) return false;
  const auto first = sysfs.attribute(function.pci, "boot_vga");
  if (!first) return std::nullopt;
  return *first == "1";
}

CheckAnswer does_not_show(std::string_view attribute, const PciAddress& pci) {
  return unknown("the kernel shows no " + std::string(attribute) + " of " + pci.sysfs(),
                 "lspci -s " + pci.sysfs() + " shows whether it is still there");
}

std::span<const CardCheck> hardware_checks() { return kChecks; }

}  // namespace cluster::agent
