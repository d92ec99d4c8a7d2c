#include "node-agent/cards/vgpu_hints.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "node-agent/cards/slices.h"
#include "node-agent/cards/vgpu_parents.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

bool is_loaded(const Sysfs& sysfs, std::string_view module) {
  std::error_code none;
  return fs::exists(sysfs.root() / "module" / module, none);
}

// The module that comes with NVIDIA's driver for hosts of vGPUs, and with no other driver of
// theirs.
bool has_vgpu_manager(const Sysfs& sysfs) { return is_loaded(sysfs, "nvidia_vgpu_vfio"); }

std::optional<Reason> wrong_driver(const Card& card, const Sysfs& sysfs, const Settings& settings) {
  const auto& gpu = card.functions.front();
  const auto name = card.label();
  if (!gpu.driver) {
    return Reason{.what = "no driver has " + name,
                  .fix = "load the host driver that makes its vGPUs"};
  }
  const auto& driver = *gpu.driver;
  if (settings.is_stub(driver)) {
    return Reason{.what = driver + " has " + name + " for VMs as a whole",
                  .fix = "gpupci -a " + name};
  }
  if (driver == "nvidia" && !has_vgpu_manager(sysfs)) {
    return Reason{.what = "the driver nvidia of " + name + " is not the vGPU manager",
                  .fix = "install NVIDIA's vGPU manager, the driver for hosts of vGPUs (vgpu-kvm)"};
  }
  if (driver == "nouveau" || driver == "radeon") {
    return Reason{.what = driver + " makes no vGPUs",
                  .fix = "install the vendor's driver for hosts of vGPUs"};
  }
  if (driver == "amdgpu") {
    return Reason{
        .what = "amdgpu makes no vGPUs",
        .fix = "virtual functions of Instinct and Radeon Pro V cards need AMD's driver gim"};
  }
  if (driver == "i915" && !is_loaded(sysfs, "kvmgt")) {
    return Reason{
        .what =
            "i915 makes mediated devices only with the module kvmgt (to Intel's 10th generation)",
        .fix = "boot with i915.enable_gvt=1 and load kvmgt"};
  }
  return std::nullopt;
}

std::optional<Reason> no_functions(const Card& card, const Sysfs& sysfs) {
  const auto sriov = read_sriov(card, sysfs);
  if (!sriov || sriov->total == 0 || sriov->vfs != 0) return std::nullopt;
  return Reason{.what = card.label() + " has none of its " + std::to_string(sriov->total) +
                        " virtual functions, which the vGPUs are made on",
                .fix = "gpupci --vfs " + card.label() + " " + std::to_string(sriov->total)};
}

}  // namespace

Reasons why_no_vgpus(const Card& card, const Sysfs& sysfs, const Settings& settings) {
  Reasons hints;
  if (!card.functions.front().iommu_group) {
    hints.push_back(
        {.what = card.label() + " is in no IOMMU group", .fix = "turn on the IOMMU (H2)"});
  }
  if (auto hint = wrong_driver(card, sysfs, settings)) hints.push_back(std::move(*hint));
  if (auto hint = no_functions(card, sysfs)) hints.push_back(std::move(*hint));
  if (!hints.empty()) return hints;
  std::error_code none;
  if (card.functions.front().driver == "nvidia") {
    hints.push_back({.what = "NVIDIA's vGPU manager offers no type on " + card.label() + " now",
                     .fix = "where vGPUs are to be made on MIG, turn it on (nvidia-smi -i " +
                            card.functions.front().pci.sysfs() +
                            " -mig 1) and make instances (gpupci --create-vgpu " + card.label() +
                            " PROFILE); else systemctl status nvidia-vgpu-mgr may tell why"});
  } else if (!fs::exists(sysfs.root() / "class/mdev_bus", none)) {
    hints.push_back(
        {.what = "no driver of the host makes mediated devices (/sys/class/mdev_bus is missing)",
         .fix = "load a driver that makes vGPUs of " + card.label()});
  } else {
    hints.push_back({.what = "the driver of " + card.label() + " makes no vGPUs",
                     .fix = "load a driver that makes vGPUs of it"});
  }
  return hints;
}

}  // namespace cluster::agent
