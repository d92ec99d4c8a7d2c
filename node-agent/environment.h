#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/file.h"
#include "node-agent/settings.h"
#include "virt/node_devices.h"

namespace cluster::agent {

class Sysfs;

/// Where gpupci finds the host that it works on, and how long it waits. A test puts its own in
/// place of each part.
struct Environment {
  std::filesystem::path sysfs = "/sys";
  std::filesystem::path proc = "/proc";
  std::filesystem::path modules = "/lib/modules";
  std::filesystem::path settings = "/etc/gpupci/gpupci.yaml";
  std::filesystem::path saved_drivers = "/var/lib/gpupci/drivers.json";
  std::filesystem::path names = "/var/lib/gpupci/names.json";
  std::filesystem::path wedged = "/var/lib/gpupci/wedged.json";
  std::filesystem::path slices = "/var/lib/gpupci/slices.json";
  std::filesystem::path lock = "/run/gpupci.lock";

  std::filesystem::path os_release = "/etc/os-release";
  std::filesystem::path program = "/usr/local/bin/gpupci";  ///< this one, for the systemd unit

  /// The script of NVIDIA's vGPU host driver that makes virtual functions; most hosts have none.
  std::filesystem::path sriov_manage = "/usr/lib/nvidia/sriov-manage";

  /// What an ssh client asked for where a forced command runs instead (sshd(8),
  /// SSH_ORIGINAL_COMMAND): nothing when it asked for a shell.
  std::optional<std::string> ssh_command;

  /// How long another gpupci is waited for.
  std::chrono::milliseconds lock_patience{30'000};

  /// How long one function may take to change its driver. A card with much memory to give back
  /// needs some seconds; a stuck one never ends.
  std::chrono::milliseconds act_deadline{60'000};

  /// How long --restore waits for a driver that offers slices to come, after a boot.
  std::chrono::milliseconds slice_patience{30'000};

  /// Writes an attribute of sysfs, as write_attribute() does; throws Error(io). Called in a child.
  std::function<void(const std::filesystem::path&, std::string_view)> write_attribute =
      cluster::write_attribute;

  using OpenDevices = std::function<std::unique_ptr<virt::NodeDevices>(
      const Sysfs&, const Settings&, virt::Mode, virt::StepListener)>;

  /// Opens what detaches and attaches; called in a child process, and only when there is a need.
  OpenDevices open_devices;

  /// The same without libvirt, for --restore: it comes before libvirtd in the order of a boot, and
  /// whoever asks for a libvirtd that systemd starts on demand would wait for one that waits for
  /// it.
  OpenDevices open_sysfs_devices;

  /// Keeps what gpupci remembers in another folder than /var/lib/gpupci.
  void keep_state_in(const std::filesystem::path& folder);

  /// Tells this boot of the host from the one before (/proc/sys/kernel/random/boot_id); "" when the
  /// kernel does not say.
  std::string boot_id() const;
};

}  // namespace cluster::agent
