#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/fake_sysfs.h"

namespace cluster::agent {

/// Plays the part of the kernel that makes slices, on a FakeSysfs. A write to `sriov_numvfs`, to
/// `create` and `remove` of mediated devices and to `current_vgpu_type` has its effect. All state
/// is in the files, so it works in a child process too.
class FakeSlices {
 public:
  explicit FakeSlices(FakeSysfs& sysfs) : sysfs_(sysfs) {}

  /// Lets the function have `total` virtual functions.
  void add_sriov(const std::string& pci, int total);

  /// Adds a type of mediated devices. The parent is a PCI function, "0000:02:00.0", or one that is
  /// no PCI function, "mtty".
  void offer_mdev(const std::string& parent, const std::string& type, const std::string& name,
                  int available);

  /// Sets what NVIDIA's driver shows at each virtual function of `pci` that is made from now on: a
  /// first line with the titles, then lines such as "1145 : NVIDIA L40S-4Q".
  void offer_vendor_vgpu(const std::string& pci, const std::string& types);

  /// Has the effect that writing `text` to this attribute has in the kernel. Throws Error(io) with
  /// the kernel's answer when the kernel would refuse.
  void write(const std::filesystem::path& attribute, std::string_view text);

  /// Removes all mediated devices and virtual functions, as a reboot does.
  void reboot();

 private:
  void set_vfs(const std::filesystem::path& device, int count);
  void create_mdev(const std::filesystem::path& type, const std::string& uuid);
  void remove_mdev(const std::filesystem::path& mdev);
  void set_type(const std::filesystem::path& attribute, const std::string& type);

  FakeSysfs& sysfs_;
};

}  // namespace cluster::agent
