#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace cluster::agent {

/// A network namespace that is not ours, by what an operator can use of it.
struct NetSpace {
  std::string name;  ///< "box" of /run/netns/box (ip-netns(8)); empty when it has no name
  pid_t pid = 0;     ///< a process that lives in it; 0 when none does
};

/// An interface in another network namespace. sysfs does not show it here.
struct FarInterface {
  NetSpace space;
  std::string name;  ///< "eth0"
  bool up = false;
  std::filesystem::path device;  ///< its device in sysfs, without links; empty when it has none
  unsigned lower = 0;            ///< the interface of ours that it is built on, by index; 0 is none
};

/// The interfaces of the other network namespaces.
struct FarNetwork {
  std::vector<FarInterface> interfaces;
  std::vector<NetSpace> unknown;  ///< namespaces that would not let themselves be looked into
  bool hidden = false;            ///< a process hides from us in which namespace it lives
};

/// Looks into each other network namespace in which a process lives, or that has a name in
/// `runtime`/netns or `runtime`/docker/netns: enters it for a moment (setns(2)), makes a socket
/// there and comes back. Where `proc` and `sysfs` are not the kernel's own, nothing can be looked
/// into. Throws Error(io) when there is no way back.
FarNetwork far_network(const std::filesystem::path& proc, const std::filesystem::path& sysfs,
                       const std::filesystem::path& runtime);

}  // namespace cluster::agent
