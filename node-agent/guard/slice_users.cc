#include "node-agent/guard/slice_users.h"

#include "node-agent/cards/vgpu_parents.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    found.push_back(at->path());
  }
  return found;
}

void add_vendor_vfio(const Card& card, const PciFunction& function, const GuardInput& input,
                     Culprits& culprits) {
  const auto type = input.sysfs.attribute(function.pci, "nvidia/current_vgpu_type").value_or("0");
  if (type != "0") {
    culprits.push_back(function.pci.sysfs() + " has a vGPU of type " + type +
                       "; end its VM, then gpupci --remove-vgpu (gpupci --vgpus lists them)");
  } else if (card.slice) {
    culprits.push_back("the driver of " + function.pci.sysfs() +
                       " gives it to VMs itself, vfio-pci cannot; gpupci --create-vgpu " +
                       card.label() + " TYPE");
  }
}

}  // namespace

Culprits slice_users(const Card& card, const GuardInput& input) {
  Culprits culprits;
  for (const auto& function : card.functions) {
    const auto device = input.sysfs.device_path(function.pci);
    const auto active = input.sysfs.attribute(function.pci, "sriov_numvfs").value_or("0");
    if (active != "0") {
      culprits.push_back(
          function.pci.sysfs() + " has " + active +
          " active virtual functions; end the VMs that use them, then gpupci --vfs " +
          card.name.str() + " 0");
    }
    if (is_vendor_vfio(input.sysfs, function.pci)) {
      add_vendor_vfio(card, function, input, culprits);
    }
    for (const auto& type : entries(device / "mdev_supported_types")) {
      for (const auto& mdev : entries(type / "devices")) {
        culprits.push_back(
            "mediated device " + mdev.filename().native() + " (" + type.filename().native() +
            ") is made from " + function.pci.sysfs() + "; end its VM, then echo 1 >" +
            (input.sysfs.root() / "bus/mdev/devices" / mdev.filename() / "remove").native());
      }
    }
  }
  return culprits;
}

}  // namespace cluster::agent
