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

/// The places where gpupci finds the host, and the times that it waits. A test replaces each part
/// by its own.
struct Environment {
  std::filesystem::path sysfs = "/sys";
  std::filesystem::path proc = "/proc";
  std::filesystem::path modules = "/lib/modules";
  std::filesystem::path settings = "/etc/gpupci/gpupci.yaml";
  std::filesystem::path known = "/etc/gpupci/known.yaml";  ///< more troubles of models
  std::filesystem::path saved_drivers = "/var/lib/gpupci/drivers.json";
  std::filesystem::path names = "/var/lib/gpupci/names.json";
  std::filesystem::path wedged = "/var/lib/gpupci/wedged.json";
  std::filesystem::path slices = "/var/lib/gpupci/slices.json";
  std::filesystem::path lock = "/run/gpupci.lock";

  /// The id of this installation (machine-id(5)). A record with another one came with an image.
  std::filesystem::path machine_id = "/etc/machine-id";

  std::filesystem::path os_release = "/etc/os-release";
  std::filesystem::path runtime = "/run";                   ///< with udev/data and netns
  std::filesystem::path program = "/usr/local/bin/gpupci";  ///< this one, for the systemd unit

  /// The script of NVIDIA's vGPU host driver that makes virtual functions; most hosts have none.
  std::filesystem::path sriov_manage = "/usr/lib/nvidia/sriov-manage";

  /// The program that makes instances of NVIDIA's MIG; it comes with the driver.
  std::filesystem::path nvidia_smi = "/usr/bin/nvidia-smi";

  /// The folder in which libvirt keeps the memory of saved VMs: NAME.save.
  std::filesystem::path managed_saves = "/var/lib/libvirt/qemu/save";

  /// The command that an ssh client asked for, when a forced command runs instead (sshd(8),
  /// SSH_ORIGINAL_COMMAND). Nothing when the client asked for a shell.
  std::optional<std::string> ssh_command;

  /// The connection by which an ssh client calls, "CLIENT PORT SERVER PORT" (ssh(1),
  /// SSH_CONNECTION); empty when nobody does.
  std::string ssh_connection;

  /// The time that gpupci waits for another gpupci.
  std::chrono::milliseconds lock_patience{30'000};

  /// The time that one function may take to change its driver. A card with much memory to give back
  /// needs some seconds; a stuck one never ends.
  std::chrono::milliseconds act_deadline{60'000};

  /// The time that libvirt has to say which VM has which card. It is no step of a card, so a short
  /// deadline for those does not shorten it: a daemon that has just been woken needs seconds.
  std::chrono::milliseconds vms_patience{6'000};

  /// The time that --restore waits after a boot for a driver that offers slices.
  std::chrono::milliseconds slice_patience{30'000};

  /// Writes an attribute of sysfs, as write_attribute() does. It throws Error(io), and is called in
  /// a child.
  std::function<void(const std::filesystem::path&, std::string_view)> write_attribute =
      cluster::write_attribute;

  using OpenDevices = std::function<std::unique_ptr<virt::NodeDevices>(
      const Sysfs&, const Settings&, virt::Mode, virt::StepListener)>;

  /// Opens the object that detaches and attaches. It is called in a child process, and only when
  /// there is a need.
  OpenDevices open_devices;

  /// The same without libvirt, for --restore. That comes before libvirtd in the order of a boot. If
  /// it asked a libvirtd that systemd starts on demand, each of the two would wait for the other.
  OpenDevices open_sysfs_devices;

  /// Moves the files of gpupci's records from /var/lib/gpupci to another folder.
  void keep_state_in(const std::filesystem::path& folder);

  /// An id that differs between this boot of the host and the one before
  /// (/proc/sys/kernel/random/boot_id); "" when the kernel does not tell it.
  std::string boot_id() const;

  /// The text of `machine_id`; "" where there is none yet.
  std::string machine() const;
};

}  // namespace cluster::agent
