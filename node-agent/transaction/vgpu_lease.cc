#include "node-agent/transaction/vgpu_lease.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/guard/vm.h"

namespace cluster::agent {
namespace {

template <std::size_t kBytes>
std::array<unsigned char, kBytes> random_bytes() {
  std::array<unsigned char, kBytes> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error(Fault::io, "the kernel gives no random numbers: " + errno_text(errno));
  }
  return bytes;
}

std::string hex(unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  return {kHex[byte >> 4U], kHex[byte & 15U]};
}

bool is_there(const Vgpu& vgpu) {
  return std::ranges::any_of(vgpus_of(vgpu.parent), [&](const Vgpu& one) {
    return one.id == vgpu.id && one.type == vgpu.type;
  });
}

}  // namespace

std::string new_lease() {
  std::string lease;
  for (const auto byte : random_bytes<8>()) lease += hex(byte);
  return lease;
}

std::string new_uuid() {
  auto bytes = random_bytes<16>();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);  // the version
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);  // the variant
  std::string uuid;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
    uuid += hex(bytes.at(i));
  }
  return uuid;
}

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
    steps.tell("readlink " + (folder / "mdev_type").native() + "  # " + type);
  } else {
    const auto attribute = parent.folder / "nvidia/current_vgpu_type";
    steps.write(attribute, type);
    steps.tell("cat " + attribute.native() + "  # " + type);
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
