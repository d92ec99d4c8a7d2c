#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cluster::agent {

/// The command that ends a VM of libvirt.
inline constexpr std::string_view kVirshShutdown = "virsh shutdown";

/// Something that the host ends as a whole, with all the programs inside: a container, a VM, a job
/// of a batch system or a login.
struct Container {
  std::string kind;  ///< "LXC container", as an operator calls it
  std::string name;  ///< "101", or the first 12 digits of an id; others choose it
  std::string stop;  ///< "pct stop": the command that ends it, without its name
  std::string note;  ///< what else is to be known, "its pod starts it again"; may be empty

  bool operator==(const Container&) const = default;
};

/// The outermost container in a file /proc/PID/cgroup: that one the host can stop. The names of
/// control groups are those of liblxc and Proxmox VE ("lxc/101", "lxc.payload.NAME"),
/// systemd-machined ("machine-NAME.scope"), Docker, Podman, nerdctl, CRI-O and the kubelet. A job
/// of Slurm, PBS, LSF or Nomad is one too: killed alone, its processes are started again. A service
/// of the host that has a container of its own (Podman's Quadlet, systemd-nspawn@.service) is no
/// container: systemctl ends it.
std::optional<Container> container_in(std::string_view cgroups);

/// The unit of the host that `systemctl stop` ends together with the process:
/// "nvidia-persistenced.service"; empty when there is none, and for a process in a container.
std::string service_in(std::string_view cgroups);

/// The last service on the path, whichever systemd knows it: that of the host, of a container or of
/// a user. Only information, as `systemctl stop` on the host would end another one.
std::string inner_service_in(std::string_view cgroups);

/// The login of a process, "session 3" or the service of a user's own systemd, and what ends it.
std::optional<Container> login_in(std::string_view cgroups);

}  // namespace cluster::agent
