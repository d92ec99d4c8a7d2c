#include "node-agent/guard/kernel_users.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>

#include "core/text.h"
#include "node-agent/kernel/device_tree.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// The module of the driver of a function; empty when it is built in.
fs::path module_folder(const Sysfs& sysfs, const PciFunction& function) {
  std::error_code none;
  const auto module = function.driver
                          ? fs::canonical(sysfs.driver_path(*function.driver) / "module", none)
                          : fs::path();
  return none ? fs::path() : module;
}

// A region of CXL lies on endpoints: "target0" is "decoder3.0", which is below endpoint3, and its
// `uport` leads to the device of memory below the function
// (Documentation/ABI/testing/sysfs-bus-cxl).
void add_cxl_regions(const Subject& subject, const PciFunction& function, Reasons& reasons) {
  const auto bus = subject.input.sysfs.root() / "bus/cxl/devices";
  const auto own = subject.input.sysfs.device_path(function.pci);
  for (const auto& region : entries_quietly(bus)) {
    const auto name = region.filename().native();
    if (!name.starts_with("region") || read_quietly(region / "commit") != "1") continue;
    for (const auto& target : entries_quietly(region)) {
      const auto decoder =
          target.filename().native().starts_with("target") ? read_quietly(target) : std::string();
      std::error_code none;
      const auto endpoint = decoder.empty() ? fs::path() : fs::canonical(bus / decoder, none);
      if (none || endpoint.empty() || !lies_below(endpoint.parent_path() / "uport", own)) continue;
      reasons.push_back(
          {.what = "the host has memory of " + function.pci.sysfs() + " (CXL " + quoted_name(name) +
                   "): any program may have some of it",
           .fix = "daxctl offline-memory and cxl disable-region " + name_as_word(name)});
      break;
    }
  }
}

// Memory below the function that the driver kmem has made the host's: "dax0.0"
// (Documentation/ABI/testing/sysfs-bus-dax).
void add_dax_memory(const Subject& subject, const PciFunction& function, Reasons& reasons) {
  for (const auto& dax : entries_quietly(subject.input.sysfs.root() / "bus/dax/devices")) {
    if (driver_of(dax) != "kmem") continue;
    if (!lies_below(dax, subject.input.sysfs.device_path(function.pci))) continue;
    const auto name = dax.filename().native();
    reasons.push_back(
        {.what = "the memory of " + function.pci.sysfs() + " is the host's (" + quoted_name(name) +
                 "): any program may have some of it",
         .fix = "daxctl reconfigure-device --mode=devdax --force " + name_as_word(name)});
  }
}

// "dma0chan0" has `in_use`: how many have the channel (drivers/dma/dmaengine.c).
void add_dma_channels(const Subject& subject, const PciFunction& function, Reasons& reasons) {
  for (const auto& channel :
       entries_quietly(subject.input.sysfs.device_path(function.pci) / "dma")) {
    const auto users = parse_number(read_quietly(channel / "in_use"));
    if (!users || *users == 0) continue;
    const auto name = channel.filename().native();
    reasons.push_back({.what = "the kernel uses the DMA channel " + quoted_name(name) + " of " +
                               function.pci.sysfs(),
                       .fix = "unload the module that does so: md, NTB, a driver of a disk"});
  }
}

// The driver's module and those that belong to it: ccp_crypto is built on ccp, and 4xxx on
// intel_qat, which has the ciphers.
std::set<std::string> family(const Sysfs& sysfs, const fs::path& module) {
  std::set<std::string> names{module.filename().native()};
  for (const auto& one : entries_quietly(module / "holders")) names.insert(one.filename());
  for (const auto& one : entries_quietly(sysfs.root() / "module")) {
    std::error_code none;
    if (fs::exists(one / "holders" / module.filename(), none)) names.insert(one.filename());
  }
  return names;
}

// A block of /proc/crypto has the lines "driver : qat_aes_xts", "module : intel_qat" and
// "refcnt : 3"; 1 is nobody. A cipher that is in use cannot be taken away (crypto/algapi.c).
void add_ciphers(const Subject& subject, const PciFunction& function, Reasons& reasons) {
  constexpr std::array kClasses{0x08, 0x0b, 0x10, 0x12};  // those that compute
  if (std::ranges::find(kClasses, function.device_class >> 8U) == kClasses.end()) return;
  const auto module = module_folder(subject.input.sysfs, function);
  if (module.empty()) return;
  const auto names = family(subject.input.sysfs, module);
  const auto table = read_quietly(subject.input.proc / "crypto");
  std::string cipher;
  bool ours = false;
  for (const auto line : split(table, '\n')) {
    const auto colon = std::min(line.find(':'), line.size());
    const auto key = trim(line.substr(0, colon));
    const auto value = std::string(trim(line.substr(std::min(colon + 1, line.size()))));
    if (key == "driver") cipher = value;
    if (key == "module") ours = names.contains(value);
    if (key != "refcnt" || !ours || parse_number(value).value_or(0) <= 1) continue;
    reasons.push_back({.what = "the kernel computes " + quoted_name(cipher) + " by the driver of " +
                               function.pci.sysfs() + " (it tells not on which card)",
                       .fix = "close what uses it: dm-crypt, IPsec, kTLS"});
  }
}

// Drivers outside of the kernel may make device nodes that sysfs shows below no function, and call
// them as they like. That their module is in use is seen all the same: `refcnt` counts its users,
// and `holders` are those that are modules.
void add_unknown_users(const Subject& subject, const PciFunction& function, Reasons& reasons) {
  constexpr std::array kClasses{0x03, 0x08, 0x0b, 0x11, 0x12, 0xff};
  if (std::ranges::find(kClasses, function.device_class >> 8U) == kClasses.end()) return;
  const auto module = module_folder(subject.input.sysfs, function);
  const auto count = module.empty() ? std::nullopt : parse_number(read_quietly(module / "refcnt"));
  const auto modules = entries_quietly(module / "holders").size();
  if (!count || *count <= static_cast<long long>(modules)) return;
  const auto& tree = device_tree(subject.input.sysfs, function.pci);
  if (!tree.nodes.empty() || !subject.users().on_host.empty()) return;
  const auto file = "/sys/module/" + module.filename().native() + "/refcnt";
  reasons.push_back({.what = "somebody uses the driver of " + function.pci.sysfs() + " (" +
                             quoted_name(*function.driver) +
                             "), and the kernel tells neither who nor on which card",
                     .fix = "stop what does, until " + file + " says " + std::to_string(modules)});
}

}  // namespace

Reasons kernel_users(const Subject& subject) {
  Reasons reasons;
  for (const auto& function : subject.card.functions) {
    if (!function.driver || subject.input.settings.is_stub(*function.driver)) continue;
    add_cxl_regions(subject, function, reasons);
    add_dax_memory(subject, function, reasons);
    add_dma_channels(subject, function, reasons);
    add_ciphers(subject, function, reasons);
    if (reasons.empty()) add_unknown_users(subject, function, reasons);
  }
  return reasons;
}

}  // namespace cluster::agent
