#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/kernel/machine.h"
#include "node-agent/kernel/modules_alias.h"
#include "node-agent/kernel/process_table.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

bool has_nothing(const fs::path& folder) { return entries_quietly(folder).empty(); }

// True if a parameter of a kernel module says Y or 1. Nothing while the module is not loaded.
std::optional<bool> parameter(const GuardInput& input, const fs::path& name) {
  const auto text = read_file(input.sysfs.root() / "module" / name);
  if (!text) return std::nullopt;
  return trim(*text) == "Y" || trim(*text) == "1";
}

bool has_word(std::string_view text, std::string_view wanted) {
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    const auto words = split(line, ' ');
    if (std::ranges::find(words, wanted) != words.end()) return true;
  }
  return false;
}

// Reads "812 (libvirtd) D 1 ..."; the name may contain blanks and parentheses (proc(5)).
bool is_stuck(const fs::path& task) {
  const auto text = read_all_quietly(task / "stat");
  const auto end = text.rfind(')');
  return end != std::string::npos && text.substr(end).starts_with(") D");
}

// A task of the process that is stuck. The task that binds in libvirtd is never its first.
std::optional<fs::path> stuck_task(const fs::path& process) {
  if (is_stuck(process)) return process;
  for (const auto& task : entries_quietly(process / "task")) {
    if (is_stuck(task)) return task;
  }
  return std::nullopt;
}

bool binds(const fs::path& task, std::string_view command) {
  constexpr std::array<std::string_view, 4> kDaemons{"libvirtd", "virtqemud", "virtnodedevd",
                                                     "gpupci"};
  constexpr std::array<std::string_view, 4> kSteps{"unbind_store", "device_release_driver",
                                                   "nv_pci_remove", "vfio_unregister"};
  if (std::ranges::find(kDaemons, command) != kDaemons.end()) return true;
  const auto stack = read_all_quietly(task / "stack");
  return std::ranges::any_of(kSteps,
                             [&](auto step) { return stack.find(step) != std::string::npos; });
}

CheckAnswer has_kvm(const CheckInput& input) {
  const auto cpu = read_file(input.proc / "cpuinfo");
  if (!cpu) return unknown("there is no /proc/cpuinfo", "mount -t proc proc /proc");
  if (fs::exists(input.sysfs.root() / "class/misc/kvm")) return passed("/dev/kvm is there");
  constexpr std::string_view kNone = "there is no /dev/kvm";
  const auto kind = processor(*cpu);
  if (kind == IommuKind::arm) {
    return failed(std::string(kNone),
                  "let the firmware start the kernel in EL2 (the kernel's log says so of kvm)");
  }
  if (kind == IommuKind::other) {
    return failed(std::string(kNone), "modprobe kvm, and look into the kernel's log");
  }
  const bool intel = has_word(*cpu, "vmx");
  if (!intel && !has_word(*cpu, "svm")) {
    const std::string name = kind == IommuKind::intel ? "VT-x"
                             : kind == IommuKind::amd ? "SVM"
                                                      : "VT-x or SVM";
    return failed("the CPU shows no virtualization", "turn on " + name + " in the firmware");
  }
  return failed(std::string(kNone), std::string("modprobe ") + (intel ? "kvm_intel" : "kvm_amd"));
}

CheckAnswer has_iommu(const CheckInput& input) {
  const bool groups = !has_nothing(input.sysfs.root() / "kernel/iommu_groups");
  if (groups && !has_nothing(input.sysfs.root() / "class/iommu")) {
    return passed("the IOMMU is on");
  }
  return failed(groups ? "there are IOMMU groups and no IOMMU" : "the IOMMU is off",
                std::string(turn_on(iommu_kind(input.sysfs.root(), input.proc))));
}

CheckAnswer isolates(const CheckInput& input) {
  const auto& root = input.sysfs.root();
  if (!fs::exists(root / "module/vfio") && !fs::exists(root / "class/vfio")) {
    return unknown("vfio is not loaded", "modprobe vfio-pci");
  }
  // A kernel that does not support it has no such parameter.
  if (parameter(input, "vfio/parameters/enable_unsafe_noiommu_mode").value_or(false)) {
    return failed("vfio is in no-IOMMU mode, which isolates nothing",
                  "echo N >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
  }
  // This group is left from the time when the parameter was on.
  for (const auto& entry : entries_quietly(root / "class/vfio")) {
    const auto group = entry.filename().native();
    if (!group.starts_with("noiommu-")) continue;
    return failed("vfio has " + group + ", which nothing isolates",
                  "gpupci -a all; turn on the IOMMU (H2), then detach again");
  }
  return passed("vfio needs an IOMMU");
}

// vfio and iommufd each have an option that lets VMs have devices nevertheless.
std::optional<bool> allows_unsafe(const GuardInput& input) {
  std::optional<bool> allowed;
  for (const auto* module : {"vfio_iommu_type1", "iommufd"}) {
    const auto one = parameter(input, fs::path(module) / "parameters/allow_unsafe_interrupts");
    if (one) allowed = allowed.value_or(false) || *one;
  }
  return allowed;
}

CheckAnswer interrupts_are_remapped(const CheckInput& input) {
  const auto remapped = remaps_interrupts(input.proc);
  const auto unsafe = allows_unsafe(input);
  if (remapped == true) return passed("the interrupts of devices are remapped");
  if (unsafe == true) {
    return warned("a VM may send any interrupt to the host (allow_unsafe_interrupts)",
                  "turn on interrupt remapping in the firmware, and remove that option");
  }
  if (remapped == false) {
    return failed(
        "no interrupt is remapped, so vfio gives no device to a VM (Operation not permitted)",
        "turn on interrupt remapping in the firmware, and boot without intremap=off; else, which "
        "is "
        "unsafe as a VM may then send any interrupt to the host: options vfio_iommu_type1 "
        "allow_unsafe_interrupts=1");
  }
  return unknown((input.proc / "interrupts").native() +
                     " does not tell whether interrupts are "
                     "remapped",
                 "dmesg | grep -i remapping tells it");
}

CheckAnswer has_vfio(const CheckInput& input) {
  const auto root = input.sysfs.root();
  if (!fs::exists(root / "bus/pci/drivers/vfio-pci")) {
    return failed("vfio-pci is not loaded", "modprobe vfio-pci");
  }
  if (!fs::exists(root / "module/vfio_iommu_type1") && !fs::exists(root / "class/misc/iommu")) {
    return failed("neither vfio_iommu_type1 nor iommufd is loaded", "modprobe vfio_iommu_type1");
  }
  return passed("vfio-pci is loaded");
}

// "9.0.0" of 9000000
std::string in_words(unsigned long version) {
  return std::to_string(version / 1'000'000) + "." + std::to_string(version / 1'000 % 1'000) + "." +
         std::to_string(version % 1'000);
}

CheckAnswer lists_modules(const CheckInput& input) {
  constexpr unsigned long kReadsIt = 10'000'000;  // 10.0.0, for each <hostdev managed='yes'>
  const auto file = modules_alias_file(input.modules, input.proc);
  if (fs::exists(file)) return passed(file.native() + " is there");
  const auto missing = "there is no " + file.native();
  std::optional<unsigned long> version;
  try {
    if (input.libvirt_version) version = input.libvirt_version();
  } catch (const Error& error) {
    return unknown(missing + ", and libvirt does not tell its version: " + error.what(), "depmod");
  }
  if (version.value_or(0) < kReadsIt) {
    return warned(missing + ", by which gpupci chooses the driver of vfio; " +
                      (version ? "libvirt " + in_words(*version) + " does not read it"
                               : "libvirt does not answer here"),
                  "depmod");
  }
  return failed(missing + ", and libvirt " + in_words(*version) + " starts no VM with a card then",
                "depmod");
}

CheckAnswer is_not_wedged(const CheckInput& input) {
  const ProcessTable processes(input.proc);
  const auto all = processes.all();
  if (all.empty()) {
    return unknown(input.proc.native() + " shows no process", "mount -t proc proc /proc");
  }
  for (const auto pid : all) {
    const auto task = stuck_task(input.proc / std::to_string(pid));
    if (!task) continue;
    const auto command = processes.describe(pid).command;
    if (!binds(*task, command)) continue;
    return failed(
        "process " + std::to_string(pid) + " (" + quoted_name(command) + ") is stuck in the kernel",
        "if it stays so, only a reboot ends it");
  }
  return passed("nobody is stuck while binding a driver");
}

// A stuck task concerns only the card that it works on: the other cards still go by sysfs (D23).
constexpr std::array kHostChecks{
    HostCheck{"H1", "CPU virtualization and `/dev/kvm`", has_kvm},
    HostCheck{"H2", "the IOMMU is on", has_iommu},
    HostCheck{"H3", "vfio's mode without an IOMMU, and groups from it", isolates},
    HostCheck{"H4", "interrupt remapping", interrupts_are_remapped},
    HostCheck{"H7", "vfio-pci is loaded", has_vfio},
    HostCheck{"H8", "`modules.alias`, which libvirt reads from 10.0 on", lists_modules},
    HostCheck{"H9", "a task that is stuck while binding", is_not_wedged},
};

}  // namespace

std::span<const HostCheck> host_checks() { return kHostChecks; }

}  // namespace cluster::agent
