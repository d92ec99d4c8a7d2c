#include "node-agent/kernel/container.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/hex.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

using Parts = std::vector<std::string_view>;

// The paths in lines "0::PATH", or "4:memory:PATH" with the older control groups. systemd makes its
// units in the only hierarchy, or in the one that is called after it.
std::vector<Parts> paths_in(std::string_view cgroups, bool of_units = false) {
  std::vector<Parts> paths;
  for (const auto line : split(cgroups, '\n')) {
    const auto second = line.find(':', line.find(':') + 1);
    if (second == std::string_view::npos) continue;
    const bool of_systemd =
        line.starts_with("0::") || line.find(":name=systemd:") != std::string_view::npos;
    if (of_systemd || !of_units) paths.push_back(split(line.substr(second + 1), '/'));
  }
  return paths;
}

// systemd.unit(5), "String Escaping": "\x2d" is "-".
std::string unescaped_unit(std::string_view name) {
  std::string text;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const auto code =
        name.substr(at, 2) == "\\x" ? parse_hex(name.substr(at + 2, 2)) : std::nullopt;
    if (code && name.size() >= at + 4) {
      text += static_cast<char>(*code);
      at += 3;
    } else {
      text += name[at];
    }
  }
  return text;
}

bool is_id(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string short_id(std::string_view id) { return std::string(id.substr(0, 12)); }

// The id in "docker-ID.scope", or in "libpod-payload-ID"; empty when it has no such form.
std::string_view id_in(std::string_view part, std::string_view prefix) {
  if (!part.starts_with(prefix)) return {};
  part.remove_prefix(prefix.size());
  if (part.ends_with(".scope")) part.remove_suffix(6);
  return is_id(part) ? part : std::string_view();
}

// Whoever starts a container again would undo a stop.
constexpr std::string_view kPodNote =
    "the kubelet starts it again unless its pod is deleted: kubectl delete pod";

Container of_cri(std::string_view id) {
  return {"container", short_id(id), "crictl stop", std::string(kPodNote)};
}

std::optional<Container> by_id(std::string_view part, std::string_view parent, bool in_pod) {
  struct Runtime {
    std::string_view prefix;
    std::string_view kind;
    std::string_view stop;
  };
  constexpr std::array kRuntimes{
      Runtime{"docker-", "Docker container", "docker stop"},
      Runtime{"libpod-payload-", "Podman container", "podman stop"},
      Runtime{"libpod-conmon-", "Podman container", "podman stop"},
      Runtime{"libpod-", "Podman container", "podman stop"},
      Runtime{"nerdctl-", "containerd container", "nerdctl stop"},
      Runtime{"cri-containerd-", "container", "crictl stop"},
      Runtime{"crio-conmon-", "container", "crictl stop"},
      Runtime{"crio-", "container", "crictl stop"},
  };
  for (const auto& runtime : kRuntimes) {
    const auto id = id_in(part, runtime.prefix);
    if (id.empty()) continue;
    if (in_pod || runtime.stop == "crictl stop") return of_cri(id);
    return Container{std::string(runtime.kind), short_id(id), std::string(runtime.stop), ""};
  }
  // The kubelet's "kubepods-besteffort-podUID.slice:cri-containerd:ID".
  if (const auto colon = part.rfind(':'); colon != std::string_view::npos) {
    if (is_id(part.substr(colon + 1)))
      return by_id("cri-containerd-" + std::string(part.substr(colon + 1)), "", true);
  }
  if (!is_id(part)) return std::nullopt;
  if (in_pod) return of_cri(part);
  if (parent == "docker") return Container{"Docker container", short_id(part), "docker stop", ""};
  if (parent == "libpod_parent") {
    return Container{"Podman container", short_id(part), "podman stop", ""};
  }
  return Container{"container", short_id(part), "nerdctl stop", "or by the program that runs it"};
}

// "machine-NAME.scope" of systemd-machined. libvirt calls its own "qemu-3-NAME" and "lxc-3-NAME".
std::optional<Container> machine(std::string_view part) {
  if (!part.starts_with("machine-") || !part.ends_with(".scope")) return std::nullopt;
  const auto name = unescaped_unit(part.substr(8, part.size() - 14));
  for (const std::string_view kind : {"qemu-", "lxc-"}) {
    if (!name.starts_with(kind)) continue;
    const auto dash = name.find('-', kind.size());
    if (dash == std::string::npos) break;
    const auto digits = name.substr(kind.size(), dash - kind.size());
    if (digits.empty() || !parse_number(digits)) break;
    if (kind == "qemu-")
      return Container{"VM", name.substr(dash + 1), std::string(kVirshShutdown), ""};
    return Container{"LXC container", name.substr(dash + 1), "virsh -c lxc:/// shutdown", ""};
  }
  return Container{"machine", name, "machinectl poweroff", ""};
}

// liblxc has "lxc/NAME" of old and "lxc.payload.NAME" or "lxc.payload/NAME"; Proxmox VE has
// "lxc/101". Incus and LXD use liblxc too.
std::optional<Container> lxc(std::string_view part, std::string_view parent) {
  constexpr std::string_view kPayload = "lxc.payload.";
  if (parent == "lxc" && parse_number(part)) {
    return Container{"LXC container", std::string(part), "pct stop", ""};
  }
  std::string name;
  if (part.starts_with(kPayload)) name = part.substr(kPayload.size());
  if (parent == "lxc" || parent == "lxc.payload") name = part;
  if (name.empty()) return std::nullopt;
  return Container{
      "LXC container", name, "lxc-stop -n",
      "of Incus: incus stop " + shell_word(name) + ", of LXD: lxc stop " + shell_word(name)};
}

// Slurm: ".../job_4711/step_0", below a folder of Slurm's. PBS: "pbs_jobs.service/jobid/4711.head",
// which is no unit of systemd. LSF: "lsf/CLUSTER/job.4711.PID.TIME". Nomad: "UUID.TASK.scope" below
// nomad.slice.
std::optional<Container> job(const Parts& path, std::size_t at) {
  const auto part = path[at];
  const auto is_below = [&](std::string_view start) {
    return std::any_of(path.begin(), path.begin() + static_cast<long>(at),
                       [&](auto one) { return one.starts_with(start); });
  };
  const auto number_after = [&](std::string_view start) {
    if (!part.starts_with(start)) return std::string();
    const auto digits = split(part.substr(start.size()), '.').front();
    return parse_number(digits) ? std::string(digits) : std::string();
  };
  if (const auto id = number_after("job_"); !id.empty() && is_below("slurm")) {
    return Container{"Slurm job", id, "scancel", ""};
  }
  if (const auto id = number_after("job."); !id.empty() && is_below("lsf")) {
    return Container{"LSF job", id, "bkill", ""};
  }
  if (at > 0 && path[at - 1] == "jobid" && is_below("pbs_jobs")) {
    return Container{"PBS job", std::string(part), "qdel", ""};
  }
  constexpr std::size_t kUuid = 36;
  if (is_below("nomad.slice") && part.ends_with(".scope") && part.find('.') == kUuid) {
    return Container{"Nomad allocation", std::string(part.substr(0, kUuid)), "nomad alloc stop",
                     ""};
  }
  return std::nullopt;
}

// "1000", the user below whose slice a path is; empty when it is below none.
std::string user_on(const Parts& path) {
  for (const auto part : path) {
    if (part.starts_with("user-") && part.ends_with(".slice")) {
      return std::string(part.substr(5, part.size() - 11));
    }
  }
  return "";
}

std::optional<Container> container_on(const Parts& path) {
  bool in_pod = false;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const auto part = path[at];
    const auto parent = at > 0 ? path[at - 1] : std::string_view();
    in_pod = in_pod || part.starts_with("kubepods");
    // systemd-nspawn@NAME.service, below which are the units and containers of a whole machine.
    if (part == "payload" && parent.ends_with(".service")) return std::nullopt;
    if (auto found = lxc(part, parent)) return found;
    if (auto found = machine(part)) return found;
    if (auto found = job(path, at)) return found;
    if (parent == "qemu.slice" && part.ends_with(".scope") &&
        parse_number(part.substr(0, part.size() - 6))) {
      return Container{"VM", std::string(part.substr(0, part.size() - 6)), "qm shutdown", ""};
    }
    auto found = by_id(part, parent, in_pod);
    // Podman's Quadlet: the service starts a stopped container again.
    const bool of_service = part.starts_with("libpod-payload-") &&
                            std::any_of(path.begin(), path.begin() + static_cast<long>(at),
                                        [](auto one) { return one.ends_with(".service"); });
    if (found && !of_service) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Container> container_in(std::string_view cgroups) {
  for (const auto& path : paths_in(cgroups)) {
    auto found = container_on(path);
    if (!found) continue;
    // Root's runtime does not know the containers of users.
    const auto user = user_on(path);
    if (!user.empty() && user != "0") {
      found->note += (found->note.empty() ? "as user " : "; as user ") + user;
    }
    return found;
  }
  return std::nullopt;
}

std::string service_in(std::string_view cgroups) {
  if (container_in(cgroups)) return "";
  for (const auto& path : paths_in(cgroups, true)) {
    for (const auto part : path) {
      // A service inside user@1000.service belongs to that user's own systemd.
      if (part.starts_with("user@")) return "";
      if (part.ends_with(".service")) return std::string(part);
    }
  }
  return "";
}

std::string inner_service_in(std::string_view cgroups) {
  for (const auto& path : paths_in(cgroups, true)) {
    const auto last = std::find_if(path.rbegin(), path.rend(),
                                   [](auto part) { return part.ends_with(".service"); });
    if (last != path.rend() && !last->starts_with("user@")) return std::string(*last);
  }
  return "";
}

std::optional<Container> login_in(std::string_view cgroups) {
  for (const auto& path : paths_in(cgroups, true)) {
    const auto user = user_on(path);
    if (user.empty()) continue;
    for (const auto part : path) {
      if (part.starts_with("session-") && part.ends_with(".scope")) {
        return Container{"session", std::string(part.substr(8, part.size() - 14)),
                         "loginctl terminate-session", ""};
      }
      if (part.ends_with(".service") && !part.starts_with("user@")) {
        return Container{"service", std::string(part), "systemctl --user stop", "as user " + user};
      }
    }
  }
  return std::nullopt;
}

}  // namespace cluster::agent
