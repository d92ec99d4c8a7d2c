#include "tests/support/fake_slices.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  return std::string(trim(read_file(file).value_or("")));
}

int number_of(const fs::path& file) { return std::stoi("0" + text_of(file)); }

[[noreturn]] void refuse(int code) { throw Error(Fault::io, errno_text(code)); }

// The address on the bus that is `steps` after `pci`.
PciAddress after(PciAddress pci, int steps) {
  const int place = pci.slot * 8 + pci.function + steps;
  pci.slot = static_cast<std::uint8_t>(place / 8);
  pci.function = static_cast<std::uint8_t>(place % 8);
  return pci;
}

}  // namespace

void FakeSlices::add_sriov(const std::string& pci, int total) {
  const auto device = sysfs_.sysfs().device_path(PciAddress::parse(pci));
  replace_file(device / "sriov_totalvfs", std::to_string(total) + "\n");
  replace_file(device / "sriov_numvfs", "0\n");
}

void FakeSlices::offer_mdev(const std::string& parent, const std::string& type,
                            const std::string& name, int available) {
  const auto root = sysfs_.root();
  const bool is_pci = parent.find(':') != std::string::npos;
  const auto device = is_pci ? sysfs_.sysfs().device_path(PciAddress::parse(parent))
                             : root / "devices/virtual" / parent / parent;
  const auto folder = device / "mdev_supported_types" / type;
  fs::create_directories(folder / "devices");
  replace_file(folder / "name", name + "\n");
  replace_file(folder / "device_api", "vfio-pci\n");
  replace_file(folder / "available_instances", std::to_string(available) + "\n");
  replace_file(folder / "create", "");
  fs::create_directories(root / "class/mdev_bus");
  if (!fs::exists(root / "class/mdev_bus" / parent)) {
    fs::create_directory_symlink(device, root / "class/mdev_bus" / parent);
  }
}

void FakeSlices::offer_vendor_vgpu(const std::string& pci, const std::string& types) {
  replace_file(sysfs_.sysfs().device_path(PciAddress::parse(pci)) / "fake_types", types);
}

void FakeSlices::write(const fs::path& attribute, std::string_view text) {
  const auto value = std::string(trim(text));
  if (!fs::exists(attribute)) refuse(ENOENT);
  const auto name = attribute.filename();
  if (name == "sriov_numvfs") {
    set_vfs(attribute.parent_path(), std::stoi(value));
  } else if (name == "create") {
    create_mdev(attribute.parent_path(), value);
  } else if (name == "remove") {
    remove_mdev(attribute.parent_path());
  } else if (name == "current_vgpu_type") {
    set_type(attribute, value);
  } else {
    refuse(EACCES);
  }
}

void FakeSlices::reboot() {
  std::error_code none;
  for (const auto& mdev : fs::directory_iterator(sysfs_.root() / "bus/mdev/devices", none)) {
    remove_mdev(mdev.path());
  }
  for (const auto& pci : sysfs_.sysfs().functions()) {
    const auto device = sysfs_.sysfs().device_path(pci);
    if (fs::exists(device / "sriov_numvfs")) set_vfs(device, 0);
  }
}

void FakeSlices::set_vfs(const fs::path& device, int count) {
  const auto pci = PciAddress::parse(device.filename().native());
  const int before = number_of(device / "sriov_numvfs");
  if (before != 0 && count != 0) refuse(EBUSY);
  if (count > number_of(device / "sriov_totalvfs")) refuse(ERANGE);
  if (!fs::exists(device / "driver")) refuse(ENOENT);
  for (int i = 0; i < before; ++i) {
    sysfs_.remove(after(pci, 1 + i).sysfs());
    fs::remove(device / ("virtfn" + std::to_string(i)));
    fs::remove_all(sysfs_.root() / "kernel/iommu_groups" / std::to_string(100 + i));
  }
  for (int i = 0; i < count; ++i) {
    const auto vf = after(pci, 1 + i);
    const auto types = read_file(device / "fake_types");
    sysfs_.add({vf.sysfs(), "0108", "1b36:0010",
                types ? std::optional<std::string>("nvidia") : std::nullopt, 100 + i});
    const auto folder = sysfs_.sysfs().device_path(vf);
    fs::create_directory_symlink(device, folder / "physfn");
    fs::create_directory_symlink(folder, device / ("virtfn" + std::to_string(i)));
    if (!types) continue;
    replace_file(folder / "nvidia/creatable_vgpu_types", *types);
    replace_file(folder / "nvidia/current_vgpu_type", "0\n");
  }
  replace_file(device / "sriov_numvfs", std::to_string(count) + "\n");
}

void FakeSlices::create_mdev(const fs::path& type, const std::string& uuid) {
  const int available = number_of(type / "available_instances");
  const auto device = sysfs_.root() / "bus/mdev/devices" / uuid;
  if (fs::exists(device)) refuse(EEXIST);
  if (available == 0) refuse(EUSERS);
  const auto group = sysfs_.root() / "kernel/iommu_groups" / "77";
  fs::create_directories(group);
  replace_file(device / "remove", "");
  fs::create_directory_symlink(type, device / "mdev_type");
  fs::create_directory_symlink(group, device / "iommu_group");
  fs::create_directory_symlink(device, type / "devices" / uuid);
  replace_file(type / "available_instances", std::to_string(available - 1) + "\n");
}

void FakeSlices::remove_mdev(const fs::path& mdev) {
  const auto type = fs::read_symlink(mdev / "mdev_type");
  fs::remove(type / "devices" / mdev.filename());
  replace_file(type / "available_instances",
               std::to_string(number_of(type / "available_instances") + 1) + "\n");
  fs::remove_all(mdev);
}

void FakeSlices::set_type(const fs::path& attribute, const std::string& type) {
  const bool creatable =
      text_of(attribute.parent_path() / "creatable_vgpu_types").find(type + " :") !=
      std::string::npos;
  if (type != "0" && (!creatable || text_of(attribute) != "0")) refuse(EINVAL);
  replace_file(attribute, type + "\n");
}

}  // namespace cluster::agent
