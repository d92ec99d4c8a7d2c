#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/guard/block_users.h"
#include "node-agent/guard/card_users.h"
#include "node-agent/guard/framebuffer.h"
#include "node-agent/guard/net_users.h"
#include "node-agent/guard/slice_users.h"
#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{2};

// What a guard says of a card is a failed check; "culprit; way out". What only root would have seen
// is not known.
Finding of(const Culprits& culprits, std::string passed) {
  if (culprits.empty()) return {Verdict::pass, std::move(passed)};
  auto [reason, fix] = halves(culprits.front());
  Finding finding{Verdict::fail, std::move(reason), std::move(fix)};
  if (finding.fix == "run gpupci as root") finding.verdict = Verdict::unknown;
  if (culprits.size() > 1) {
    finding.reason += " (and " + std::to_string(culprits.size() - 1) + " more)";
  }
  return finding;
}

bool is_detached(const PciFunction& function, const Settings& settings) {
  return function.driver && settings.is_stub(*function.driver);
}

// Of a function without a group nothing can be said of who shares it.
std::optional<Finding> has_no_group(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    if (function.iommu_group) continue;
    return Finding{Verdict::unknown, function.pci.sysfs() + " is in no IOMMU group",
                   "turn on the IOMMU (H2)"};
  }
  return std::nullopt;
}

// A link of the kernel's between two devices (Documentation/driver-api/device_link.rst).
struct DeviceLink {
  PciAddress other;
  bool depends_on_it = false;  // the other one does; else it is the one that is needed
};

// "consumer:pci:0000:02:00.1", "supplier:pci:0000:02:00.0" (Documentation/ABI/testing/
// sysfs-devices-consumer and -supplier).
std::optional<DeviceLink> device_link(std::string_view name) {
  for (const std::string_view kind : {"consumer:pci:", "supplier:pci:"}) {
    if (!name.starts_with(kind)) continue;
    return DeviceLink{PciAddress::parse(name.substr(kind.size())), kind.front() == 'c'};
  }
  return std::nullopt;
}

// Whether nobody has to name it: it is checked too, or is a bridge or an IOMMU, which stay with the
// host.
bool is_together(const Subject& subject, const PciAddress& pci) {
  const auto device_class = subject.input.sysfs.device_class(pci);
  return device_class == 0x0604 || device_class == 0x0806 ||
         std::ranges::any_of(subject.same_call, [&](const Card& one) { return has(one, pci); });
}

// A table of /proc that an answer rests on.
std::optional<Finding> is_missing(const fs::path& table) {
  if (fs::exists(table)) return std::nullopt;
  return Finding{Verdict::unknown, "there is no " + table.native(), "mount -t proc proc /proc"};
}

// The first "535.129" of the line that the driver shows.
std::optional<long long> major_version(std::string_view text) {
  for (const auto word : split(text, ' ')) {
    const auto number = parse_number(word.substr(0, word.find('.')));
    if (number && word.find('.') != std::string_view::npos) return number;
  }
  return std::nullopt;
}

// "vfio_pci:v000010DEd00002342sv000010DEsd000016C1bc03sc02i00", as the kernel's own aliases
// (scripts/mod/file2alias.c).
std::string alias(const PciFunction& function, const Sysfs& sysfs) {
  const auto id = [&](const char* name) {
    const auto text = sysfs.attribute(function.pci, name).value_or("0x0");
    return static_cast<unsigned>(std::stoul(text, nullptr, 16));
  };
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "vfio_pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
                unsigned{function.vendor}, unsigned{function.device}, id("subsystem_vendor"),
                id("subsystem_device"), function.device_class >> 8U, function.device_class & 0xffU,
                id("class") & 0xffU);
  return text.data();
}

// The module with the closest pattern, "alias vfio_pci:v000010DEd00002342sv*sd*bc*sc*i* NAME".
std::string best_module(const std::string& aliases, const std::string& wanted) {
  std::string best = "vfio_pci";
  std::ptrdiff_t fewest = 100;
  for (const auto line : split(aliases, '\n')) {
    if (!line.starts_with("alias vfio_pci:")) continue;
    const auto words = split(line, ' ');
    if (words.size() != 3) continue;
    const auto stars = std::ranges::count(words[1], '*');
    if (stars >= fewest || ::fnmatch(std::string(words[1]).c_str(), wanted.c_str(), 0) != 0)
      continue;
    fewest = stars;
    best = std::string(words[2]);
  }
  return best;
}

}  // namespace

Finding has_group(const Subject& subject) {
  return of(iommu_culprits(subject.card), "every function has an IOMMU group");
}

Finding reserves_nothing(const Subject& subject) {
  if (const auto unknown = has_no_group(subject)) return *unknown;
  std::string domain;
  for (const auto& function : subject.card.functions) {
    const auto group =
        subject.input.sysfs.root() / "kernel/iommu_groups" / std::to_string(*function.iommu_group);
    const auto text = read_file(group / "reserved_regions");
    if (!text) {
      return {Verdict::unknown, "the kernel does not tell the reserved regions",
              "ls " + group.native() + " shows what it tells"};
    }
    for (const auto line : split(*text, '\n')) {
      if (!line.ends_with(" direct")) continue;
      return {Verdict::warn,
              "the firmware reserves memory of " + function.pci.sysfs() + " (" + std::string(line) +
                  "): the kernel may keep it from VMs",
              "turn off RMRR for this slot in the firmware"};
    }
    const auto type = read_file(group / "type");
    if (type && domain.empty()) domain = " (domain " + std::string(trim(*type)) + ")";
  }
  return {Verdict::pass, "the firmware reserves no memory of it" + domain};
}

Finding has_all_functions(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    std::error_code gone;
    for (fs::directory_iterator at(subject.input.sysfs.device_path(function.pci), gone), end;
         !gone && at != end; at.increment(gone)) {
      const auto link = device_link(at->path().filename().native());
      if (!link || is_together(subject, link->other)) continue;
      const auto other = link->other.sysfs();
      const auto own = function.pci.sysfs();
      return {Verdict::fail,
              link->depends_on_it ? other + " depends on " + own : own + " depends on " + other,
              "detach it too (devices: in /etc/gpupci/gpupci.yaml)"};
    }
    if (gone) return does_not_show("folder", function.pci);
  }
  return {Verdict::pass, "every function of the slot is known"};
}

Finding group_is_ours(const Subject& subject) {
  if (const auto unknown = has_no_group(subject)) return *unknown;
  return of(group_culprits(subject.card, subject.same_call, subject.input),
            "nobody else shares its IOMMU group");
}

Finding group_is_detached(const Subject& subject) {
  const auto& settings = subject.input.settings;
  const auto& functions = subject.card.functions;
  const auto taken = std::ranges::count_if(
      functions, [&](const auto& function) { return is_detached(function, settings); });
  if (taken == 0) return {Verdict::pass, "the host has it"};
  for (const auto& function : functions) {
    if (!function.driver || is_detached(function, settings)) continue;
    return {Verdict::fail, function.pci.sysfs() + " is on " + *function.driver + " again",
            "gpupci -d " + subject.card.label()};
  }
  if (const auto unknown = has_no_group(subject)) return *unknown;
  return of(group_culprits(subject.card, {subject.card}, subject.input),
            "its whole group is detached");
}

Finding is_not_precious(const Subject& subject) {
  auto culprits = block_users(subject.card, subject.input);
  std::ranges::move(net_users(subject.card, subject.input), std::back_inserter(culprits));
  const auto& proc = subject.input.proc;
  for (const auto* table : {"self/mountinfo", "net/route"}) {
    if (!culprits.empty()) break;
    if (const auto unknown = is_missing(proc / table)) return *unknown;
  }
  return of(culprits, "the host has neither a disk nor its network on it");
}

Finding is_not_console(const Subject& subject) {
  const auto culprits = console_users(subject.card, subject.input);
  if (!culprits.empty()) return of(culprits, "");
  for (const auto& function : subject.card.functions) {
    const auto first = is_first_display(subject.input.sysfs, function);
    if (!first) return does_not_show("boot_vga", function.pci);
    if (!*first) continue;
    return {Verdict::warn, "the firmware starts with " + function.pci.sysfs(),
            "make another card the primary one in the firmware"};
  }
  return {Verdict::pass, "it is not the host's display"};
}

Finding has_no_framebuffer(const Subject& subject) {
  if (const auto unknown = is_missing(subject.input.proc / "iomem")) return *unknown;
  for (const auto& function : subject.card.functions) {
    if (!subject.input.sysfs.attribute(function.pci, "resource")) {
      return does_not_show("resource", function.pci);
    }
  }
  return of(framebuffer_users(subject.card, subject.input),
            "the firmware left no framebuffer in it");
}

Finding is_not_held(const Subject& subject) {
  const auto holders = card_users(subject.card, subject.input).holders;
  if (!holders.empty()) return of(holders, "");
  for (const auto& function : subject.card.functions) {
    // A virtual function has no node of its own.
    if (function.driver != "nvidia" || subject.card.slice) continue;
    const auto information =
        subject.input.proc / "driver/nvidia/gpus" / function.pci.sysfs() / "information";
    if (fs::exists(information)) continue;
    return {Verdict::unknown,
            "NVIDIA's driver does not tell which /dev/nvidiaN " + function.pci.sysfs() + " is",
            "cat " + information.native() + ", as root, should tell"};
  }
  return {Verdict::pass, "no program has it open"};
}

Finding has_no_vm(const Subject& subject) {
  try {
    return of(card_vms(subject.card, subject.input), "no running VM has it");
  } catch (const Error& error) {
    return {Verdict::unknown, error.what(), "systemctl status libvirtd may tell why"};
  }
}

Finding has_no_kernel_user(const Subject& subject) {
  const auto fbdev =
      read_file(subject.input.sysfs.root() / "module/nvidia_drm/parameters/fbdev").value_or("N");
  for (const auto& function : subject.card.functions) {
    if (function.driver != "nvidia" || trim(fbdev) != "Y") continue;
    return {Verdict::fail, "nvidia_drm draws the console on its cards (fbdev)",
            "options nvidia_drm fbdev=0 modeset=0 in /etc/modprobe.d, and reboot"};
  }
  return {Verdict::pass, "no kernel module keeps it"};
}

Finding driver_lets_go(const Subject& subject) {
  if (subject.card.functions.front().driver != "nvidia") {
    return {Verdict::pass, "its driver can be unbound"};
  }
  const auto file = subject.input.proc / "driver/nvidia/version";
  const auto text = read_file(file);
  const auto version = major_version(text.value_or(""));
  if (!version) {
    return {Verdict::unknown, file.native() + " shows no version",
            "modinfo -F version nvidia tells it: from 595 on detach only when D9 passes"};
  }
  if (*version < 595) {
    return {Verdict::pass, "NVIDIA driver " + std::to_string(*version) + " can be unbound"};
  }
  return {Verdict::warn,
          "NVIDIA driver " + std::to_string(*version) + " never comes back from a busy unbind",
          "detach only when D9 passes, or at boot"};
}

Finding override_is_clear(const Subject& subject) {
  const auto& settings = subject.input.settings;
  for (const auto& function : subject.card.functions) {
    const auto file = subject.input.sysfs.device_path(function.pci) / "driver_override";
    const auto text = read_in_time(file, kPatience);
    if (!text) {
      return {Verdict::unknown, file.native() + " does not answer: is it being bound?",
              "check again; when it stays so, reboot the host"};
    }
    const auto driver = trim(*text);
    if (driver.empty() || driver == "(null)") continue;
    if (settings.is_stub(driver) && is_detached(function, settings)) continue;
    return {Verdict::warn, function.pci.sysfs() + " is kept for driver " + quote(driver),
            "echo >" + file.native()};
  }
  return {Verdict::pass, "no other driver is prescribed"};
}

Finding driver_is_best(const Subject& subject) {
  const auto aliases = read_file(modules_alias(subject.input));
  if (!aliases) {
    return {Verdict::unknown, "there is no " + modules_alias(subject.input).native(), "depmod"};
  }
  for (const auto& function : subject.card.functions) {
    const auto best = best_module(*aliases, alias(function, subject.input.sysfs));
    if (best == "vfio_pci" || function.driver != "vfio-pci") continue;
    return {Verdict::warn, best + " is made for " + function.pci.sysfs() + ", which is on vfio-pci",
            "libvirt 10 and later: <driver model='" + best + "'/>"};
  }
  return {Verdict::pass, "no better driver of vfio is known"};
}

Finding is_not_sliced(const Subject& subject) {
  return of(slice_users(subject.card, subject.input), "nothing is made from it");
}

}  // namespace cluster::agent
