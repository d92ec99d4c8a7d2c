#include "tests/support/fake_sysfs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

fs::path make_folder() {
  std::string name = (fs::temp_directory_path() / "rollcall-sysfs-XXXXXX").native();
  return ::mkdtemp(name.data());
}

}  // namespace

FakeSysfs::FakeSysfs() : root_(make_folder()) {
  fs::create_directories(root_ / "bus/pci/devices");
  fs::create_directories(root_ / "bus/pci/drivers/vfio-pci");
  replace_file(root_ / "bus/pci/drivers_probe", "");
  replace_file(root_ / "proc/1/comm", "systemd\n");  // for tests that have their /proc there
}

FakeSysfs::~FakeSysfs() { fs::remove_all(root_); }

FakeSysfs& FakeSysfs::add(const Function& function) {
  const auto pci = PciAddress::parse(function.pci);
  const auto device = sysfs().device_path(pci);
  const auto ids = split(function.id, ':');
  fs::create_directories(device);
  replace_file(device / "class", "0x" + function.device_class + "00\n");
  replace_file(device / "vendor", "0x" + std::string(ids[0]) + "\n");
  replace_file(device / "device", "0x" + std::string(ids[1]) + "\n");
  replace_file(device / "driver_override", "(null)\n");
  if (function.group) {
    const auto group = root_ / "kernel/iommu_groups" / std::to_string(*function.group);
    fs::create_directories(group / "devices");
    fs::create_symlink(device, group / "devices" / pci.sysfs());
    fs::create_symlink(group, device / "iommu_group");
  }
  own_drivers_[pci] = function.driver;
  set_driver(pci, function.driver);
  return *this;
}

void FakeSysfs::remove(const std::string& pci) {
  std::error_code none;
  const auto group =
      fs::read_symlink(sysfs().device_path(PciAddress::parse(pci)) / "iommu_group", none);
  if (!none) fs::remove(group / "devices" / PciAddress::parse(pci).sysfs());
  fs::remove_all(sysfs().device_path(PciAddress::parse(pci)));
}

FakeSysfs& FakeSysfs::add_card(const std::string& slot, int functions, std::optional<int> group) {
  const std::array<Function, 4> known{{{"", "0300", "10de:1e07", "nvidia", group},
                                       {"", "0403", "10de:10f7", "snd_hda_intel", group},
                                       {"", "0c03", "10de:1ad6", "xhci_hcd", group},
                                       {"", "0c80", "10de:1ad7", "i2c_nvidia_gpu", group}}};
  for (int number = 0; number < functions; ++number) {
    auto function = number < 4 ? known.at(static_cast<std::size_t>(number))
                               : Function{"", "ff00", "10de:ffff", std::nullopt, group};
    function.pci = slot + "." + std::to_string(number);
    add(function);
  }
  return *this;
}

FakeSysfs& FakeSysfs::put_below(const std::string& pci, const std::string& bridge) {
  const auto device = sysfs().device_path(PciAddress::parse(pci));
  const auto place = sysfs().device_path(PciAddress::parse(bridge)) / pci;
  fs::rename(device, place);
  fs::create_directory_symlink(place, device);
  return *this;
}

void FakeSysfs::set_driver(const PciAddress& pci, const std::optional<std::string>& driver) {
  const auto link = sysfs().device_path(pci) / "driver";
  fs::remove(link);
  if (!driver) return;
  const auto folder = sysfs().driver_path(*driver);
  replace_file(folder / "unbind", "");
  fs::create_directory_symlink(folder, link);
}

void FakeSysfs::set_driver_override(const PciAddress& pci, const std::string& driver) {
  replace_file(sysfs().device_path(pci) / "driver_override",
               (driver.empty() ? "(null)" : driver) + "\n");
}

void FakeSysfs::lock(const PciAddress& pci) {
  const auto file = sysfs().device_path(pci) / "driver_override";
  fs::remove(file);
  if (::mkfifo(file.c_str(), 0600) != 0) throw Error(Fault::io, "no fifo: " + file.native());
}

void FakeSysfs::unlock(const PciAddress& pci) {
  fs::remove(sysfs().device_path(pci) / "driver_override");
  set_driver_override(pci, "");
}

void FakeSysfs::probe(const PciAddress& pci) {
  if (sysfs().driver(pci)) return;
  const auto only = sysfs().driver_override(pci);
  if (!only.empty() && !fs::exists(sysfs().driver_path(only))) return;
  const auto own = own_drivers_.find(pci);  // none of what another process has added
  set_driver(pci, !only.empty() ? only : own == own_drivers_.end() ? std::nullopt : own->second);
}

std::string FakeSysfs::drivers() const {
  std::vector<std::string> words;
  for (const auto& pci : sysfs().functions()) words.push_back(sysfs().driver(pci).value_or("-"));
  return joined(words, " ");
}

}  // namespace cluster::agent
