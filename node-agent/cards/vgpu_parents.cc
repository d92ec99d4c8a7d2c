#include "node-agent/cards/vgpu_parents.h"

#include <algorithm>
#include <system_error>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/cards/slices.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  return std::string(trim(read_file(file).value_or("")));
}

fs::path types_of(const VgpuParent& parent) { return parent.folder / "mdev_supported_types"; }

// A card is a parent if one of its functions is one; the first such function counts.
std::optional<VgpuParent> parent_of(const Card& card, const Sysfs& sysfs) {
  for (const auto& function : card.functions) {
    const auto folder = sysfs.device_path(function.pci);
    std::error_code none;
    if (fs::exists(folder / "mdev_supported_types", none)) {
      return VgpuParent{card.label(), VgpuInterface::mdev, folder, function.pci};
    }
    if (is_vendor_vfio(sysfs, function.pci)) {
      return VgpuParent{card.label(), VgpuInterface::vendor_vfio, folder, function.pci};
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(VgpuInterface interface) {
  return interface == VgpuInterface::mdev ? "mdev" : "vendor-vfio";
}

std::vector<VgpuParent> vgpu_parents(const std::vector<Card>& cards, const Sysfs& sysfs) {
  auto all = cards;
  add_slices(all, sysfs);
  std::vector<VgpuParent> parents;
  for (const auto& card : all) {
    if (auto parent = parent_of(card, sysfs)) parents.push_back(std::move(*parent));
  }
  const auto bus = sysfs.root() / "class/mdev_bus";
  for (const auto& name : names_quietly(bus)) {
    std::error_code none;
    if (fs::exists(sysfs.root() / "bus/pci/devices" / name, none)) continue;
    parents.push_back({name, VgpuInterface::mdev, bus / name, std::nullopt});
  }
  return parents;
}

std::vector<VgpuParent> pick_parents(std::vector<VgpuParent> parents, std::string_view target) {
  if (target == "all") return parents;
  const auto slices = std::string(target) + ".";
  std::erase_if(parents, [&](const VgpuParent& parent) {
    return parent.name != target && !(parent.pci && parent.name.starts_with(slices));
  });
  return parents;
}

std::vector<VgpuType> parse_creatable(std::string_view text, bool free) {
  std::vector<VgpuType> types;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto id = trim(line.substr(0, colon));
    if (!parse_number(id)) continue;
    types.push_back({.id = std::string(id),
                     .name = std::string(trim(line.substr(colon + 1))),
                     .api = "vfio-pci",
                     .available = free ? 1 : 0});
  }
  return types;
}

std::vector<VgpuType> vgpu_types(const VgpuParent& parent) {
  if (parent.interface == VgpuInterface::vendor_vfio) {
    const auto folder = parent.folder / "nvidia";
    // The driver answers when it is not busy with the card.
    const auto texts = timed_read({folder / "creatable_vgpu_types", folder / "current_vgpu_type"});
    return parse_creatable(texts[0].value_or(""), trim(texts[1].value_or("")) == "0");
  }
  const auto ids = names_quietly(types_of(parent));
  std::vector<fs::path> counts;
  for (const auto& id : ids) counts.push_back(types_of(parent) / id / "available_instances");
  const auto available = timed_read(counts);
  std::vector<VgpuType> types;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto folder = types_of(parent) / ids[i];
    types.push_back({.id = ids[i],
                     .name = text_of(folder / "name"),
                     .api = text_of(folder / "device_api"),
                     .available = parse_number(trim(available[i].value_or(""))).value_or(0)});
  }
  return types;
}

std::vector<Vgpu> vgpus_of(const VgpuParent& parent) {
  std::vector<Vgpu> vgpus;
  if (parent.interface == VgpuInterface::vendor_vfio) {
    const auto text = timed_read(parent.folder / "nvidia/current_vgpu_type").value_or("");
    const auto type = std::string(trim(text));
    if (!type.empty() && type != "0") vgpus.push_back({parent.name, parent, type});
    return vgpus;
  }
  for (const auto& type : names_quietly(types_of(parent))) {
    for (const auto& uuid : names_quietly(types_of(parent) / type / "devices")) {
      vgpus.push_back({uuid, parent, type});
    }
  }
  return vgpus;
}

bool is_vendor_vfio(const Sysfs& sysfs, const PciAddress& pci) {
  std::error_code none;
  return fs::exists(sysfs.device_path(pci) / "nvidia/current_vgpu_type", none);
}

fs::path vgpu_folder(const Sysfs& sysfs, const VgpuParent& parent, const std::string& id) {
  return parent.interface == VgpuInterface::mdev ? sysfs.root() / "bus/mdev/devices" / id
                                                 : parent.folder;
}

}  // namespace cluster::agent
