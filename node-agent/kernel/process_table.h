#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node-agent/kernel/container.h"
#include "node-agent/kernel/device_nodes.h"

namespace cluster::agent {

/// What a scan of all processes looks for.
struct Wanted {
  std::map<DeviceNumber, std::string> nodes{};  ///< with the path of each
  std::vector<NodeRange> ranges{};              ///< character devices

  /// The devices, "0000:02:00.0" or the UUID of a mediated one, whose regions (`resource0`,
  /// `resource0_wc` in sysfs) may be open or mapped, and which vfio may have given to a program.
  std::vector<std::string> devices{};
  std::filesystem::path sysfs{};  ///< the root of the files of those regions

  /// Who exports buffers (dma-buf) of the devices: "nvidia", or "drm" of all drivers of DRM. The
  /// kernel tells no more of a buffer (fdinfo, Documentation/driver-api/dma-buf.rst).
  std::set<std::string> exporters{};

  /// The major numbers of the groups of vfio that the devices are in; empty when they are in none.
  /// A program may have closed the group and kept the device.
  std::set<unsigned> vfio_majors{};

  bool empty() const { return nodes.empty() && ranges.empty() && devices.empty(); }
};

/// A process that has a device open, or only mapped.
struct Handle {
  pid_t pid = 0;
  DeviceNumber number{};
  std::string thing{};   ///< "region 0 of 0000:02:00.0": what it has that is no device node
  bool of_vfio = false;  ///< the thing belongs to vfio

  // Version 14 takes the bool for a number here.
  auto operator<=>(const Handle&) const = default;  // NOLINT(readability-implicit-bool-conversion)
};

/// The result of a scan of all processes.
struct Handles {
  std::set<Handle> found{};
  std::set<pid_t> unreadable{};  ///< processes that cannot be looked into
  std::set<pid_t> silent{};      ///< those of them for which the kernel did not answer in time

  /// Processes with a socket in which a descriptor waits to be taken up (SCM_RIGHTS, unix(7)). The
  /// kernel tells how many there are, not of what ("scm_fds" in fdinfo, since Linux 5.7).
  std::set<pid_t> handed_over{};

  /// Processes that are ending and do not come to their end: the kernel shows no files of theirs
  /// any more, and closes them one after the other.
  std::set<pid_t> ending{};
};

/// A process, as it is described to an operator.
struct Process {
  pid_t pid = 0;
  std::string command;  ///< "nvidia-persiste": the kernel keeps 15 characters
  std::string service;  ///< "nvidia-persistenced.service"; empty when systemd can stop none for it
  std::optional<std::chrono::seconds> age;  ///< nothing when the kernel does not tell
  std::optional<Container> container{};     ///< the one that it is in, or its VM
  std::string inner_service{};              ///< the service in that container
  std::optional<Container> login{};         ///< the session of its user
};

/// The VM of a QEMU process, by its command line.
struct VmProcess {
  std::string name;      ///< of "-name guest=NAME,..." or "-name NAME"; may be empty
  std::string id;        ///< "101": the number that Proxmox VE gives it; empty elsewhere
  bool libvirt = false;  ///< libvirt runs it: virsh knows its name
};

/// The /proc of a host. Its place is a parameter: in tests it is a folder.
class ProcessTable {
 public:
  explicit ProcessTable(std::filesystem::path proc) : proc_(std::move(proc)) {}

  /// The processes that have any of these devices open or mapped, this process too. Devices are
  /// compared by their own numbers (/proc/PID/fd and /proc/PID/map_files, proc(5)): names are not
  /// trusted, because a container may have its own. A thread with a file table of its own counts
  /// for its process, and so do files that an io_uring holds. A file on a network file system is
  /// not touched: its server may be dead. A child looks, and is ended when the kernel does not
  /// answer it for two seconds: then that process is unreadable, and the next ones are looked at.
  /// Nobody is looked at when nothing is wanted. Throws Error(io) when /proc itself cannot be read.
  Handles find(const Wanted& wanted) const;

  /// The same for devices by their numbers alone.
  Handles find(const std::set<DeviceNumber>& wanted) const;

  /// The command is empty only when the process has gone, and "?" when it has no name.
  Process describe(pid_t pid) const;

  /// The VM that a process runs. Nothing is known of it when the kernel does not show the command
  /// line in time, as it does not while the memory of the process is being changed.
  VmProcess vm(pid_t pid) const;

  /// Every process, by number.
  std::vector<pid_t> all() const;

  const std::filesystem::path& root() const { return proc_; }

 private:
  std::filesystem::path of(pid_t pid) const { return proc_ / std::to_string(pid); }

  std::filesystem::path proc_;
};

}  // namespace cluster::agent
