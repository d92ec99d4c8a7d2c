#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/modules_alias.h"
#include "node-agent/kernel/timed_read.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// The answer when a table of /proc that a check needs is not there.
std::optional<CheckAnswer> is_missing(const fs::path& table) {
  if (fs::exists(table)) return std::nullopt;
  return unknown("there is no " + table.native(), "mount -t proc proc /proc");
}

// The first "535.129" of the line "NVRM version: ...". The next one has the version of gcc.
std::optional<long long> major_version(std::string_view text) {
  for (const auto word : split(text.substr(0, text.find('\n')), ' ')) {
    const auto number = parse_number(word.substr(0, word.find('.')));
    if (number && word.find('.') != std::string_view::npos) return number;
  }
  return std::nullopt;
}

CheckAnswer is_not_precious(const Subject& subject) {
  auto reasons = kDiskGuard.probe(subject);
  std::ranges::move(kNetworkGuard.probe(subject), std::back_inserter(reasons));
  const auto& proc = subject.input.proc;
  for (const auto* table : {"self/mountinfo", "net/route"}) {
    if (!reasons.empty()) break;
    if (const auto missing = is_missing(proc / table)) return *missing;
  }
  return answer(reasons, "the host has neither a disk nor its network on it");
}

CheckAnswer is_not_console(const Subject& subject) {
  const auto reasons = kConsoleGuard.probe(subject);
  if (!reasons.empty()) return answer(reasons, "");
  for (const auto& function : subject.card.functions) {
    const auto first = is_first_display(subject.input.sysfs, function);
    if (!first) return does_not_show("boot_vga", function.pci);
    if (!*first) continue;
    return warned("the firmware starts with " + function.pci.sysfs(),
                  "make another card the primary one in the firmware");
  }
  return passed("it is not the host's display");
}

CheckAnswer has_no_framebuffer(const Subject& subject) {
  if (const auto missing = is_missing(subject.input.proc / "iomem")) return *missing;
  for (const auto& function : subject.card.functions) {
    if (!subject.input.sysfs.attribute(function.pci, "resource")) {
      return does_not_show("resource", function.pci);
    }
  }
  return answer(kFramebufferGuard.probe(subject), "the firmware left no framebuffer in it");
}

CheckAnswer is_not_held(const Subject& subject) {
  const auto holders = kHolderGuard.probe(subject);
  if (!holders.empty()) return answer(holders, "");
  for (const auto& function : subject.card.functions) {
    // A virtual function has no node of its own.
    if (function.driver != "nvidia" || subject.card.slice) continue;
    const auto information =
        subject.input.proc / "driver/nvidia/gpus" / function.pci.sysfs() / "information";
    if (fs::exists(information)) continue;
    return unknown(
        "NVIDIA's driver does not tell which /dev/nvidiaN " + function.pci.sysfs() + " is",
        "cat " + information.native() + ", as root, should tell");
  }
  return passed("no program has it open");
}

CheckAnswer has_no_vm(const Subject& subject) {
  try {
    return answer(kVmGuard.probe(subject), "no running VM has it");
  } catch (const Error& error) {
    return unknown(error.what(), "systemctl status libvirtd may tell why");
  }
}

CheckAnswer has_no_kernel_user(const Subject& subject) {
  return answer(kFbdevGuard.probe(subject), "no kernel module keeps it");
}

CheckAnswer driver_lets_go(const Subject& subject) {
  if (subject.card.functions.front().driver != "nvidia") {
    return passed("its driver can be unbound");
  }
  const auto file = subject.input.proc / "driver/nvidia/version";
  const auto text = read_file(file);
  const auto version = major_version(text.value_or(""));
  if (!version) {
    return unknown(file.native() + " shows no version",
                   "modinfo -F version nvidia tells it: from 595 on detach only when D9 passes");
  }
  if (*version < 595) {
    return passed("NVIDIA driver " + std::to_string(*version) + " can be unbound");
  }
  return warned(
      "NVIDIA driver " + std::to_string(*version) + " never comes back from a busy unbind",
      "detach only when D9 passes, or at boot");
}

CheckAnswer override_is_clear(const Subject& subject) {
  const auto& settings = subject.input.settings;
  for (const auto& function : subject.card.functions) {
    const auto file = subject.input.sysfs.device_path(function.pci) / "driver_override";
    const auto text = timed_read(file);
    if (!text) {
      return unknown(file.native() + " does not answer: is it being bound?",
                     "check again; when it stays so, reboot the host");
    }
    const auto driver = trim(*text);
    if (driver.empty() || driver == "(null)") continue;
    if (settings.is_stub(driver) && is_detached(function, settings)) continue;
    return warned(function.pci.sysfs() + " is kept for driver " + quote(driver),
                  "echo >" + file.native());
  }
  return passed("no other driver is prescribed");
}

CheckAnswer driver_is_best(const Subject& subject) {
  const auto file = modules_alias_file(subject.input.modules, subject.input.proc);
  const ModulesAlias aliases(file);
  if (!aliases.is_read()) return unknown("there is no " + file.native(), "depmod");
  std::string made_for_it;
  for (const auto& function : subject.card.functions) {
    const auto best = aliases.vfio_module(modalias(subject.input.sysfs, function.pci));
    if (best == "vfio_pci") continue;
    const auto made = best + " is made for " + function.pci.sysfs();
    if (function.driver == "vfio-pci") {
      return warned(made + ", which is on vfio-pci",
                    "libvirt 10.3 and later: <driver model='" + best + "'/>");
    }
    made_for_it = made + (is_detached(function, subject.input.settings) ? " and has it" : "");
  }
  return passed(made_for_it.empty() ? "no better driver of vfio is known" : made_for_it);
}

CheckAnswer is_not_sliced(const Subject& subject) {
  return answer(kSlicesGuard.probe(subject), "nothing is made from it");
}

// A call with such a card ends before any guard is asked: nothing is tried with the card in this
// boot.
CheckAnswer is_not_stuck(const Subject& subject) {
  WedgedCards wedged(subject.input.wedged, subject.input.boot);
  wedged.look_again(subject.input.sysfs, subject.input.proc);
  const auto wedge = wedged.find(subject.card.pci());
  if (!wedge) return passed("no step with it is stuck");
  return {Verdict::fail, reason(*wedge)};
}

constexpr std::array kUseChecks{
    CardCheck{
        "D6", "disks and network of the host", is_not_precious, {&kDiskGuard, &kNetworkGuard}},
    CardCheck{"D7", "the host's display and console", is_not_console, {&kConsoleGuard}},
    CardCheck{"D8", "the framebuffer of the firmware", has_no_framebuffer, {&kFramebufferGuard}},
    CardCheck{"D9", "programs that have it open or mapped", is_not_held, {&kHolderGuard}},
    CardCheck{"D10", "`nvidia_drm` draws the console", has_no_kernel_user, {&kFbdevGuard}},
    CardCheck{"D11", "an NVIDIA driver that does not survive a busy unbind", driver_lets_go},
    CardCheck{"D12", "a `driver_override` of somebody else", override_is_clear},
    CardCheck{"D13", "a driver of vfio made for this model", driver_is_best},
    CardCheck{"D22", "virtual functions and mediated devices", is_not_sliced, {&kSlicesGuard}},
    CardCheck{"D23", "a step with it that never ended", is_not_stuck},
    CardCheck{"V1", "a running or saved VM that has it", has_no_vm, {&kVmGuard}},
};

}  // namespace

std::span<const CardCheck> use_checks() { return kUseChecks; }

}  // namespace cluster::agent
