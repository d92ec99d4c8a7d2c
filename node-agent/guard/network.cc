#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/far_interfaces.h"
#include "node-agent/kernel/namespaces.h"
#include "node-agent/kernel/net_facts.h"
#include "node-agent/kernel/net_log.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/socket_owner.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// Stacks of interfaces are not deeper: a macvtap on a VLAN on a bridge on a bond on a port.
constexpr int kDepth = 8;

// A display, sound or storage function has no network below it, nor has a computing one.
bool may_have_network(const PciFunction& function) {
  constexpr std::array kNone{0x01, 0x03, 0x04, 0x05, 0x12};
  return std::ranges::find(kNone, function.device_class >> 8U) == kNone.end();
}

// The operator's word (IFF_UP), not the cable's. What does not tell may be up.
bool is_up(const fs::path& folder) {
  const auto flags = read_quietly(folder / "flags");  // "0x1003"
  if (flags.empty()) return read_quietly(folder / "operstate") != "down";
  return (std::strtoul(flags.c_str(), nullptr, 16) & 1U) != 0;
}

// What has the network of the host, for a stop would take all of it: its word for one interface.
std::string way_to_leave(const Process& process, const std::string& interface) {
  const auto& service = process.service;
  const auto name = name_as_word(interface);
  if (service == "systemd-networkd.service") {
    return "Unmanaged=yes in a .network file of " + name + ", then networkctl reload";
  }
  if (service == "NetworkManager.service") return "nmcli device set " + name + " managed no";
  if (service == "dhcpcd.service") return "dhcpcd --exit " + name;
  if (service.starts_with("wicked")) return "wicked ifdown " + name;
  if (service == "networking.service" || service == "network.service") return "ifdown " + name;
  return way_to_stop(process);
}

bool is_below(const fs::path& device, const fs::path& function) {
  const auto& path = device.native();
  return path.starts_with(function.native()) &&
         (path.size() == function.native().size() || path[function.native().size()] == '/');
}

class NetUsers {
 public:
  explicit NetUsers(const Subject& subject) : subject_(subject), input_(subject.input) {}

  Reasons find() {
    const auto& trees = subject_.trees();
    const auto has_any = [](const DeviceTree& tree) {
      return !tree.interfaces.empty() || !tree.without_interface.empty();
    };
    const bool any = std::ranges::any_of(trees, has_any);
    if (!any && !std::ranges::any_of(subject_.members(), may_have_network)) return {};
    if (is_in_own_namespace(input_.proc, "net")) {
      say("gpupci runs in a network namespace of its own and does not see the host's network",
          "nsenter -t 1 -n gpupci ...");
    }
    if (any) facts_ = net_facts(input_.proc, input_.sysfs.root());
    far_ = far_network(input_.proc, input_.sysfs.root(), input_.runtime);
    for (std::size_t at = 0; at < trees.size(); ++at) {
      look_at_far(subject_.members()[at].pci);
      for (const auto& folder : trees[at].interfaces) {
        seen_.clear();
        const auto before = found_.size();
        look_at(folder.filename().native(), folder, kDepth);
        if (found_.size() > before || !far_.hidden || !is_up(folder)) continue;
        found_.push_back({.what = "only root sees what other network namespaces have built on "
                                  "network card " +
                                  quoted_name(folder.filename().native()),
                          .needs_root = true});
      }
      for (const auto& device : trees[at].without_interface) look_at_hidden(device);
    }
    return std::move(found_);
  }

 private:
  void say(std::string what, std::string fix) {
    found_.push_back({.what = std::move(what), .fix = std::move(fix)});
  }

  // `folder` is `device` itself, or an interface that is built on it, such as a VLAN on a bond.
  void look_at(const std::string& device, const fs::path& folder, int depth) {
    const auto name = folder.filename().native().starts_with("upper_")
                          ? folder.filename().native().substr(6)
                          : folder.filename().native();
    if (depth == 0 || !seen_.insert(name).second) return;
    const auto who = "network card " + quoted_name(device) +
                     (name == device ? "" : " (by " + quoted_name(name) + ")");
    look_at_routes(who, name, is_up(folder));
    look_at_bus(who, name, folder);
    look_at_kernel(who, name);
    look_at_log(who, name, folder);
    std::error_code none;
    const auto master = fs::read_symlink(folder / "master", none).filename().native();
    if (!none) {
      say(who + " belongs to " + quoted_name(master),
          master == "ovs-system" ? "ovs-vsctl del-port " + name_as_word(name)
                                 : "ip link set " + name_as_word(name) + " nomaster");
    }
    look_at_programs(who, name, folder);
    for (const auto& entry : entries_quietly(folder)) {
      if (!entry.filename().native().starts_with("upper_")) continue;
      const auto upper = entry.filename().native().substr(6);
      const auto before = found_.size();
      look_at(device, entry, depth - 1);
      if (found_.size() > before || upper == master || !is_up(entry)) continue;
      say(who + " carries " + quoted_name(upper) + ", which is up",
          "ip link set " + name_as_word(upper) + " down");
    }
  }

  void look_at_routes(const std::string& who, const std::string& name, bool up) {
    const auto addresses = facts_.addresses.find(name);
    const bool has_address = addresses != facts_.addresses.end();
    const auto words = split(input_.ssh_connection, ' ');
    const auto here = words.size() == 4 ? words[2] : std::string_view();
    // sshd names the interface of a link-local address, "fe80::1%eth0".
    const auto zone = here.substr(std::min(here.find('%'), here.size()));
    if ((has_address && addresses->second.contains(std::string(here))) || zone == "%" + name) {
      say("this call comes over " + who + " (" + printable(here) + ")", "come over another one");
    } else if (facts_.default_routes.contains(name)) {
      say(who + " has the default route of the host", "route over another one first");
    } else if (has_address && up) {
      say(who + " is up with the address " + *addresses->second.begin(),
          "ip address flush dev " + name_as_word(name));
    } else if (facts_.routes.contains(name)) {
      say(who + " has routes of the host", "ip route flush dev " + name_as_word(name));
    } else if (const auto peer = facts_.link_local_peers.find(name);
               peer != facts_.link_local_peers.end()) {
      say(who + " carries a connection to " + peer->second + " from its link-local address",
          "end it: ss -tnp names its program, and where that is none the kernel has a disk or a "
          "mount there");
    }
  }

  // A network whose members have no addresses of IP: nothing but IFF_UP tells that somebody uses
  // it. The numbers are those of include/uapi/linux/if_arp.h.
  void look_at_bus(const std::string& who, const std::string& name, const fs::path& folder) {
    struct Kind {
      std::string_view type;
      std::string_view words;
    };
    constexpr std::array kKinds{Kind{"3", "an AX.25 network"},    Kind{"271", "an X.25 network"},
                                Kind{"280", "a CAN bus"},         Kind{"290", "an MCTP network"},
                                Kind{"804", "an 802.15.4 radio"}, Kind{"820", "a Phonet network"}};
    const auto type = read_quietly(folder / "type");
    const auto* const kind = std::ranges::find(kKinds, type, &Kind::type);
    if (kind == kKinds.end() || !is_up(folder)) return;
    say(who + " is up on " + std::string(kind->words),
        "ip link set " + name_as_word(name) + " down");
  }

  // The disks that the kernel has over an interface without an address: by ATA over Ethernet
  // (Documentation/ABI/testing/sysfs-block-aoe), and by NVMe, of which `address` is
  // "traddr=fe80::2%eth0,trsvcid=4420,host_iface=eth0".
  void look_at_kernel(const std::string& who, const std::string& name) {
    for (const auto& disk : entries_quietly(input_.sysfs.root() / "block")) {
      const auto file = disk.filename().native();
      if (!file.starts_with("etherd!")) continue;
      const auto netif = read_quietly(disk / "netif");
      const auto names = split(netif, ',');
      if (std::ranges::find(names, name) == names.end()) continue;
      say(who + " carries the disk " + quoted_name("/dev/etherd/" + file.substr(7)) +
              " (ATA over Ethernet)",
          "unmount it, then aoe-flush " + name_as_word(file.substr(7)));
    }
    for (const auto& controller : entries_quietly(input_.sysfs.root() / "class/nvme")) {
      const auto address = read_quietly(controller / "address");
      const auto words = split(address, ',');
      if (std::ranges::none_of(words, [&](std::string_view word) {
            return word == "host_iface=" + name ||
                   (word.starts_with("traddr=") && word.ends_with("%" + name));
          })) {
        continue;
      }
      const auto file = controller.filename().native();
      say(who + " carries the disks of " + quoted_name(file) + " (NVMe over fabrics)",
          "unmount them, then nvme disconnect -d " + name_as_word(file));
    }
  }

  // The kernel's own console (Documentation/networking/netconsole.rst). configfs has the targets
  // that were made there, and not those with which the module was loaded.
  void look_at_log(const std::string& who, const std::string& name, const fs::path& folder) {
    bool told = false;
    for (const auto& target : entries_quietly(input_.sysfs.root() / "kernel/config/netconsole")) {
      if (read_quietly(target / "enabled") != "1") continue;
      told = true;
      if (read_quietly(target / "dev_name") != name) continue;
      say("the kernel writes its console over " + who + " (netconsole)",
          "echo 0 >" + name_as_word("/sys/kernel/config/netconsole/" + target.filename().native() +
                                    "/enabled"));
    }
    if (!net_log_is_on(input_.proc)) return;
    const auto mac = lower(read_quietly(folder / "address"));
    for (const auto& device : net_log_devices(input_.proc)) {
      told = true;
      if (device != name && (mac.empty() || lower(device) != mac)) continue;
      say("the kernel writes its console over " + who + " (netconsole= of its command line)",
          "boot without that");
    }
    if (told || !is_up(folder)) return;
    say("the kernel writes its console over the network (netconsole) and tells not by which card: "
        "it may be " +
            who.substr(who.find('\'')),
        "rmmod netconsole");
  }

  void look_at_programs(const std::string& who, const std::string& name, const fs::path& folder) {
    const auto index = parse_number(read_quietly(folder / "ifindex"));
    if (index) look_at_index(who, name, static_cast<unsigned>(*index));
    if (const auto protocol = facts_.protocols.find(name); protocol != facts_.protocols.end()) {
      say("the kernel receives on " + who + " by " + quoted_name(protocol->second),
          "take it out of what does so: FCoE, TIPC, batman-adv, ...");
    }
    if (facts_.pppoe.contains(name)) {
      say(who + " carries a PPP over Ethernet", "stop its pppd");
    }
    if (facts_.xdp.contains(name)) {
      say(who + " has an XDP program",
          "stop what attached it, or ip link set " + name_as_word(name) + " xdp off");
    }
    for (const auto& [path, number] : taps(folder)) {
      for (const auto& handle : ProcessTable(input_.proc).find({number}).found) {
        const ProcessTable processes(input_.proc);
        const auto vm = processes.vm(handle.pid);
        auto reason = has_open(processes.describe(handle.pid), path);
        reason.what = who + " serves a program: " + reason.what;
        if (vm.libvirt) {
          reason = {.what = who + " serves VM " + quoted_name(vm.name),
                    .fix = "virsh shutdown " + name_as_word(vm.name)};
        }
        found_.push_back(std::move(reason));
      }
    }
  }

  void look_at_index(const std::string& who, const std::string& name, unsigned index) {
    if (const auto socket = facts_.packet.find(index); socket != facts_.packet.end()) {
      const auto pid = owner_of_socket(input_.proc, socket->second);
      const auto process = pid ? ProcessTable(input_.proc).describe(*pid) : Process{};
      say(pid ? described(process) + " reads packets of " + who
              : "a program reads packets of " + who,
          pid ? way_to_leave(process, name) : "ss -0p names it");
    }
    for (const auto& one : far_.interfaces) {
      if (one.lower != index || !one.up) continue;
      say(who + " carries " + quoted_name(one.name) + " in " + space(one.space),
          way_out_of(one.space, "ip link del " + name_as_word(one.name)));
    }
  }

  // The character devices of a macvtap, /dev/tapN.
  static std::vector<std::pair<std::string, DeviceNumber>> taps(const fs::path& folder) {
    std::vector<std::pair<std::string, DeviceNumber>> found;
    for (const auto& place : {folder, folder / "macvtap"}) {
      for (const auto& entry : entries_quietly(place)) {
        const auto name = entry.filename().native();
        if (!name.starts_with("tap")) continue;
        const auto text = read_quietly(entry / "dev");
        const auto parts = split(text, ':');
        const auto major = parse_number(parts.front());
        const auto minor = parse_number(parts.back());
        if (parts.size() != 2 || !major || !minor) continue;
        found.emplace_back("/dev/" + name, DeviceNumber{S_IFCHR, static_cast<unsigned>(*major),
                                                        static_cast<unsigned>(*minor)});
      }
    }
    return found;
  }

  // An interface in another network namespace was moved there on purpose.
  void look_at_far(const PciAddress& pci) {
    std::error_code none;
    const auto function = fs::canonical(input_.sysfs.device_path(pci), none);
    if (none) return;
    for (const auto& one : far_.interfaces) {
      if (one.device.empty() || !is_below(one.device, function)) continue;
      far_devices_.insert(one.device);
      say("network card " + quoted_name(one.name) + " is in " + space(one.space),
          way_out_of(one.space, "ip link set " + name_as_word(one.name) + " netns 1"));
    }
  }

  // A network driver has the device, and its interface is neither here nor where we could look.
  void look_at_hidden(const fs::path& device) {
    std::error_code none;
    auto path = fs::canonical(device, none);
    // Another part of a USB device may be the parent of the interface.
    if (!is_function_name(path.filename().native())) path = path.parent_path();
    const auto told = [&](const fs::path& one) { return is_below(one, path); };
    if (!none && std::ranges::any_of(far_devices_, told)) return;
    const auto driver = driver_of(device);
    if (!driver.empty() && input_.settings.is_stub(driver)) return;
    // A driver of UIO gives the device to a program and makes no interface; the program is found as
    // the holder of /dev/uioN (Documentation/driver-api/uio-howto.rst).
    if (driver.find("uio") != std::string::npos || fs::exists(device / "uio", none)) return;
    say("the interface of " + device.filename().native() + " (driver " + quoted_name(driver) +
            ") is in another network namespace" +
            (far_.unknown.empty() ? "" : ", maybe " + space(far_.unknown.front())),
        far_.unknown.empty() ? "ip netns and lsns -t net name them"
                             : way_out_of(far_.unknown.front(), "ip link set ... netns 1"));
  }

  std::string space(const NetSpace& one) const {
    if (!one.name.empty()) return "the network namespace " + quoted_name(one.name);
    if (one.pid == 0) return "a network namespace without a name";
    return "the network namespace of " + described(ProcessTable(input_.proc).describe(one.pid));
  }

  std::string way_out_of(const NetSpace& one, const std::string& command) const {
    if (!one.name.empty()) return "ip netns exec " + name_as_word(one.name) + " " + command;
    if (one.pid == 0) return "lsns -t net names them";
    return way_to_stop(ProcessTable(input_.proc).describe(one.pid)) + ", or nsenter -t " +
           std::to_string(one.pid) + " -n " + command;
  }

  const Subject& subject_;
  const GuardInput& input_;
  NetFacts facts_;
  FarNetwork far_;
  std::set<fs::path> far_devices_;
  std::set<std::string> seen_;
  Reasons found_;
};

Reasons probe_network(const Subject& subject) { return NetUsers(subject).find(); }

}  // namespace

constinit const Guard kNetworkGuard{
    .name = "network",
    .help =
        "a network card of it or of its IOMMU group, at any depth below a function, or what is "
        "built on that, is up with an address or on a network that has none (CAN), has a route, "
        "belongs to a bridge or bond, serves a VM, a program or a protocol of the kernel, carries "
        "a disk (ATA over Ethernet, NVMe), a connection from its link-local address or the "
        "kernel's console, or is in another network namespace",
    .probe = probe_network,
    .of_neighbours = true,
    .at_boot = AtBoot::left_out,
    .for_vms_alone = false,
    .again = true};

}  // namespace cluster::agent
