#include "node-agent/transaction/vgpu_lease.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "core/text.h"
#include "node-agent/guard/vm.h"

namespace cluster::agent {
namespace {

bool is_there(const Vgpu& vgpu) {
  return std::ranges::any_of(vgpus_of(vgpu.parent), [&](const Vgpu& one) {
    return one.id == vgpu.id && one.type == vgpu.type;
  });
}

}  // namespace

std::string new_lease() { return random_hex(8); }

const VgpuParent& choose_parent(const std::vector<VgpuParent>& parents, const std::string& type,
                                const SliceRecord& record) {
  std::vector<std::string> others;
  for (const auto& parent : parents) {
    const bool kept =
        parent.interface == VgpuInterface::vendor_vfio && record.find(parent.name).has_value();
    if (kept) continue;
    for (const auto& one : vgpu_types(parent)) {
      if (one.available < 1) continue;
      if (one.id == type) return parent;
      const auto words = one.id + (one.name.empty() ? "" : " (" + one.name + ")");
      if (std::ranges::find(others, words) == others.end()) others.push_back(words);
    }
  }
  throw Error(Fault::refused, "no " + quote(type) + " can be made now; what can: " +
                                  (others.empty() ? "nothing" : joined(others, ", ")));
}

void make_vgpu(const Vgpu& vgpu, const Sysfs& sysfs, SliceSteps& steps) {
  const auto& [id, parent, type] = vgpu;
  if (parent.pci) steps.concern(*parent.pci);
  const auto folder = vgpu_folder(sysfs, parent, id);
  if (parent.interface == VgpuInterface::mdev) {
    steps.write(parent.folder / "mdev_supported_types" / type / "create", id);
    steps.note("readlink " + (folder / "mdev_type").native() + "  # " + type);
  } else {
    const auto attribute = parent.folder / "nvidia/current_vgpu_type";
    steps.write(attribute, type);
    steps.note("cat " + attribute.native() + "  # " + type);
  }
  if (steps.acts() && !is_there(vgpu)) {
    throw Error(Fault::io, "the kernel took it, but there is no such vGPU on " + parent.name);
  }
}

void remove_vgpu(const Vgpu& vgpu, const GuardInput& input, SliceSteps& steps) {
  if (vgpu.parent.pci) steps.concern(*vgpu.parent.pci);
  const auto folder = vgpu_folder(input.sysfs, vgpu.parent, vgpu.id);
  const auto vms = device_vms(folder, input);
  if (!vms.empty()) throw Refused({vms.front()});
  if (vgpu.parent.interface == VgpuInterface::mdev) {
    steps.write(folder / "remove", "1");
  } else {
    steps.write(folder / "nvidia/current_vgpu_type", "0");
  }
  if (steps.acts() && is_there(vgpu)) {
    throw Error(Fault::io, "the kernel took it, but the vGPU is still on " + vgpu.parent.name);
  }
}

}  // namespace cluster::agent
