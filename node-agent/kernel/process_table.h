#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node-agent/kernel/device_nodes.h"

namespace cluster::agent {

/// A process that has a device open, or only mapped.
struct Handle {
  pid_t pid = 0;
  DeviceNumber number;

  auto operator<=>(const Handle&) const = default;
};

/// What a scan of all processes found.
struct Handles {
  std::set<Handle> found;
  std::set<pid_t> unreadable;  ///< processes that may not be looked into: not root
};

/// A process, in the words of an operator.
struct Process {
  pid_t pid = 0;
  std::string command;  ///< "nvidia-persiste": the kernel keeps 15 characters
  std::string service;  ///< "nvidia-persistenced.service"; empty when systemd can stop none for it
  std::optional<std::chrono::seconds> age;  ///< nothing when the kernel does not tell
};

/// /proc, whose place is given: a folder stands for it in tests.
class ProcessTable {
 public:
  explicit ProcessTable(std::filesystem::path proc) : proc_(std::move(proc)) {}

  /// Who has any of these devices open or mapped, by the numbers of the devices themselves
  /// (/proc/PID/fd and /proc/PID/map_files, proc(5)): names are not trusted, a container may have
  /// its own. Without this process. A file on a network file system is not touched: its server may
  /// be dead. Asks nobody when `wanted` is empty. Throws Error(io) when /proc itself is unreadable.
  Handles find(const std::set<DeviceNumber>& wanted) const;

  /// Of a process that has gone the command is empty.
  Process describe(pid_t pid) const;

  /// The name that libvirt gives to the VM of a QEMU process ("-name guest=NAME,..."); empty when
  /// it has none.
  std::string vm_name(pid_t pid) const;

  /// Every process, by number.
  std::vector<pid_t> all() const;

  const std::filesystem::path& root() const { return proc_; }

 private:
  std::filesystem::path of(pid_t pid) const { return proc_ / std::to_string(pid); }

  std::filesystem::path proc_;
};

}  // namespace cluster::agent
