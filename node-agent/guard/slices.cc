#include <system_error>

#include "core/text.h"
#include "node-agent/cards/vgpu_parents.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// Who reads the number waits for the lock of the device, which a driver that hangs has.
void add_virtual_functions(const Card& card, const PciFunction& function, const GuardInput& input,
                           Reasons& reasons) {
  const auto file = input.sysfs.device_path(function.pci) / "sriov_numvfs";
  std::error_code unknown;
  if (!fs::exists(file, unknown)) return;
  const auto text = timed_read(file);
  if (!text) {
    reasons.push_back({.what = file.native() + " does not answer: is it being bound?",
                       .fix = "try again; when it stays so, reboot the host"});
  } else if (const auto active = trim(*text); active != "0") {
    reasons.push_back(
        {.what = function.pci.sysfs() + " has " + std::string(active) + " active virtual functions",
         .fix = "end the VMs that use them, then gpupci --vfs " + card.name.str() + " 0"});
  }
}

void add_vendor_vfio(const Card& card, const PciFunction& function, const GuardInput& input,
                     Reasons& reasons) {
  const auto type = input.sysfs.attribute(function.pci, "nvidia/current_vgpu_type").value_or("0");
  if (type != "0") {
    reasons.push_back({.what = function.pci.sysfs() + " has a vGPU of type " + type,
                       .fix = "end its VM, then gpupci --remove-vgpu (gpupci --vgpus lists them)"});
  } else if (card.slice) {
    reasons.push_back({.what = "the driver of " + function.pci.sysfs() +
                               " gives it to VMs itself, vfio-pci cannot",
                       .fix = "gpupci --create-vgpu " + card.label() + " TYPE"});
  }
}

// The slices that are made from a card and go away with its driver: virtual functions
// (`sriov_numvfs`, Documentation/ABI/testing/sysfs-bus-pci) and mediated devices
// (`mdev_supported_types/*/devices`, Documentation/driver-api/vfio-mediated-device.rst). A virtual
// function of NVIDIA's driver counts when it has a vGPU. When a single virtual function is asked
// about, it counts when it can have a vGPU, for vfio-pci could not run that.
Reasons probe_slices(const Subject& subject) {
  const auto& card = subject.card;
  const auto& input = subject.input;
  Reasons reasons;
  for (const auto& function : card.functions) {
    const auto device = input.sysfs.device_path(function.pci);
    add_virtual_functions(card, function, input, reasons);
    if (is_vendor_vfio(input.sysfs, function.pci)) {
      add_vendor_vfio(card, function, input, reasons);
    }
    for (const auto& type : entries_quietly(device / "mdev_supported_types")) {
      for (const auto& mdev : entries_quietly(type / "devices")) {
        const auto remove = input.sysfs.root() / "bus/mdev/devices" / mdev.filename() / "remove";
        reasons.push_back({.what = "mediated device " + mdev.filename().native() + " (" +
                                   type.filename().native() + ") is made from " +
                                   function.pci.sysfs(),
                           .fix = "end its VM, then echo 1 >" + remove.native()});
      }
    }
  }
  return reasons;
}

}  // namespace

constinit const Guard kSlicesGuard{.name = "slices",
                                   .help = "virtual functions or mediated devices are made from it",
                                   .probe = probe_slices,
                                   .of_neighbours = false,
                                   .at_boot = AtBoot::nothing,
                                   .for_vms_alone = false};

}  // namespace cluster::agent
