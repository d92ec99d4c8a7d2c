#include <algorithm>
#include <array>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks.h"
#include "node-agent/framebuffer.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kUnset = 0x20000000;  // IORESOURCE_UNSET of include/linux/ioport.h

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
long long total(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with("TOTAL_ERR")) continue;
    return parse_number(line.substr(line.rfind(' ') + 1)).value_or(0);
  }
  return 0;
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

}  // namespace

Finding is_alive(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    const auto config = read_file(subject.ground.sysfs.device_path(function.pci) / "config");
    if (!config || config->size() < 16) {
      return {Verdict::unknown,
              "the configuration space of " + function.pci.sysfs() + " cannot be read"};
    }
    const auto head = std::string_view(*config).substr(0, 16);
    if (std::ranges::all_of(head, [](char byte) { return byte == '\xff'; }) || head[14] == '\x7f') {
      return {Verdict::fail, function.pci.sysfs() + " has fallen off the bus",
              "power the host off and on"};
    }
  }
  return {Verdict::pass, "every function answers"};
}

Finding has_reset(const Subject& subject) {
  const auto& sysfs = subject.ground.sysfs;
  const auto& first = subject.card.functions.front();
  for (const auto& known : kKnownResets) {
    if (first.vendor != known.vendor || first.device != known.device) continue;
    return {Verdict::warn, std::string(known.why),
            "echo bus >" + (sysfs.device_path(first.pci) / "reset_method").native()};
  }
  const auto methods = sysfs.attribute(first.pci, "reset_method");
  if (!methods || methods->empty()) {
    if (!methods && fs::exists(sysfs.device_path(first.pci) / "reset")) {
      return {Verdict::pass, "it can be reset"};
    }
    return {Verdict::warn, first.pci.sysfs() + " cannot be reset",
            "a VM that crashes may leave it unusable until the host reboots"};
  }
  if (*methods == "bus" && first.iommu_group) {
    for (const auto& pci : sysfs.group_members(*first.iommu_group)) {
      if (has(subject.card, pci) || sysfs.device_class(pci) == 0x0604) continue;
      return {Verdict::warn, "its reset (bus) resets " + pci.sysfs() + " as well",
              "give both to the same VM"};
    }
  }
  return {Verdict::pass, "it can be reset (" + *methods + ")"};
}

Finding stays_powered(const Subject& subject) {
  const auto& sysfs = subject.ground.sysfs;
  const auto idle =
      read_file(sysfs.root() / "module/vfio_pci/parameters/disable_idle_d3").value_or("N");
  for (const auto& function : subject.card.functions) {
    if (!is_display(function)) continue;
    const auto file = sysfs.device_path(function.pci) / "d3cold_allowed";
    if (sysfs.attribute(function.pci, "power_state") == "D3cold") {
      return {Verdict::warn, function.pci.sysfs() + " is without power (D3cold)",
              "echo 0 >" + file.native()};
    }
    if (trim(idle) != "Y" && sysfs.attribute(function.pci, "d3cold_allowed") == "1") {
      return {Verdict::warn, function.pci.sysfs() + " may lose its power when idle (D3cold)",
              "echo 0 >" + file.native() + ", or load vfio-pci with disable_idle_d3=1"};
    }
  }
  return {Verdict::pass, "it keeps its power"};
}

Finding has_full_link(const Subject& subject) {
  const auto& pci = subject.card.pci();
  const auto width = subject.ground.sysfs.attribute(pci, "current_link_width");
  const auto most = subject.ground.sysfs.attribute(pci, "max_link_width");
  if (!width || !most || *most == "0" || *most == "255")
    return {Verdict::pass, "it has no PCIe link"};
  const auto now = parse_number(*width);
  const auto all = parse_number(*most);
  if (!now || !all)
    return {Verdict::unknown, "link width " + quote(*width) + " of " + quote(*most)};
  if (*now < *all) {
    return {Verdict::warn, "its link has " + *width + " of " + *most + " lanes",
            "reseat the card, or use a slot with more lanes"};
  }
  return {Verdict::pass, "its link has " + *width + " of " + *most + " lanes"};
}

Finding has_no_errors(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    for (const auto* name : {"aer_dev_fatal", "aer_dev_nonfatal"}) {
      const auto count = total(subject.ground.sysfs.attribute(function.pci, name).value_or(""));
      if (count == 0) continue;
      return {Verdict::warn,
              function.pci.sysfs() + " had " + std::to_string(count) + " PCIe errors since boot (" +
                  name + ")",
              "reseat the card, check its riser and power cables"};
    }
  }
  return {Verdict::pass, "no PCIe error was reported"};
}

Finding has_addresses(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    for (const auto& bar : regions(subject.ground.sysfs, function.pci)) {
      const bool placed = bar.start != 0 && (bar.flags & kUnset) == 0;
      if (placed || bar.end == bar.start) continue;
      return {Verdict::fail,
              "region " + std::to_string(bar.number) + " of " + function.pci.sysfs() + " (" +
                  mib(bar.end - bar.start + 1) + ") has no address",
              "turn on Above 4G Decoding in the firmware, or boot with pci=realloc"};
    }
  }
  return {Verdict::pass, "every region has an address"};
}

Finding bar_size(const Subject& subject) {
  const auto& sysfs = subject.ground.sysfs;
  for (const auto& function : subject.card.functions) {
    for (const auto& bar : regions(sysfs, function.pci)) {
      const auto name = "resource" + std::to_string(bar.number) + "_resize";
      if (!fs::exists(sysfs.device_path(function.pci) / name)) continue;
      return {Verdict::pass, "region " + std::to_string(bar.number) + " has " +
                                 mib(bar.end - bar.start + 1) + " and can be resized"};
    }
  }
  return {Verdict::pass, "no region can be resized"};
}

Finding has_rom(const Subject& subject) {
  const auto& sysfs = subject.ground.sysfs;
  for (const auto& function : subject.card.functions) {
    if (sysfs.attribute(function.pci, "boot_vga") != "1") continue;
    if (!fs::exists(sysfs.device_path(function.pci) / "rom")) continue;
    return {Verdict::warn, "the host sees a shadow of the ROM of " + function.pci.sysfs(),
            "give the VM the ROM as a file, <rom file='...'/>, or none, <rom bar='off'/>"};
  }
  return {Verdict::pass, "its ROM is its own"};
}

Finding has_numa_node(const Subject& subject) {
  const auto& sysfs = subject.ground.sysfs;
  const auto node = sysfs.attribute(subject.card.pci(), "numa_node");
  if (numa_nodes(sysfs) < 2) return {Verdict::pass, "the host has one NUMA node"};
  if (!node || *node == "-1") {
    return {Verdict::unknown, "the firmware does not tell its NUMA node", "update the firmware"};
  }
  return {Verdict::pass, "it is on NUMA node " + *node};
}

}  // namespace cluster::agent
