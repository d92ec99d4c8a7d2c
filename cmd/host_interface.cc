#include <algorithm>
#include <array>
#include <optional>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/networks.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/vlan.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_interface.h"

namespace cluster::cmd {
namespace host_interface {
namespace {

// The VM that is called `name`. So far only VMs have interfaces.
Vm vm_with_interfaces(Inventory& inventory, const std::string& name) {
  const auto host = frontend::find_host(inventory, name);
  if (!inventory.is_vm(host.name)) {
    throw Error(Fault::refused,
                "host " + quote(name) + " is a physical host: only interfaces of VMs are recorded");
  }
  return inventory.require_vm(host.name);
}

// True, or false, if the interface is in a network of IPv6, or of IPv4.
std::optional<bool> is_v6(const Interface& interface) {
  return interface.network ? std::optional(interface.network->subnet.is_v6()) : std::nullopt;
}

struct Args {
  std::string vm;
  std::string name;
  std::optional<std::string> bridge, direct, network, ovs, mac, model, vlan, address, subnet;

  void declare(Options& options) {
    options.argument("VM", vm, "whose interface").required();
    options.argument("NAME", name, "name of the interface: eth0, eth1, ...")
        .or_key("iface")
        .required();
    options.key("bridge", bridge, "bridge of the container");
    options.key("direct", direct, "device of the container, shared by macvtap");
    options.key("network", network, "network of libvirt");
    options.key("ovs", ovs, "Open vSwitch bridge of the container");
    options.key("mac", mac, "MAC address [made of the VM's uuid and NAME, and kept]");
    options.key("model", model, "what the guest sees [virtio]");
    options.key("vlan", vlan, "VLAN id, 1 to 4094 [that of subnet=, else none]");
    options.key("address", address,
                "the guest's own, with the prefix: 10.1.0.5/24, several with commas [dhcp]");
    options.key("subnet", subnet, "network of `cluster list network` that it is in [none]");
  }

  void apply(Inventory& inventory, Interface& interface) const {
    int given = 0;
    const auto join = [&](InterfaceKind kind, const std::optional<std::string>& source) {
      if (!source) return;
      ++given;
      interface.kind = kind;
      interface.source = frontend::parse_interface_source(kind, *source);
    };
    join(InterfaceKind::bridge, bridge);
    join(InterfaceKind::direct, direct);
    join(InterfaceKind::network, network);
    join(InterfaceKind::ovs, ovs);
    if (given > 1 || interface.source.empty()) {
      throw Error(Fault::usage, "want one of bridge=, direct=, network=, ovs=");
    }
    if (mac) {
      interface.mac = mac->empty() ? std::nullopt : std::optional(MacAddress::parse(*mac));
    }
    if (model) interface.model = frontend::parse_interface_model(*model);
    if (vlan) interface.vlan = parse_optional_int("vlan", *vlan, 1, kMaxVlan);
    if (address) interface.addresses = parse_ip_addresses(*address);
    if (subnet) {
      interface.network =
          subnet->empty() ? std::nullopt : std::optional(inventory.require_network(*subnet));
    }
    for (const auto& own : interface.addresses) {
      if (own.is_v6() == is_v6(interface)) require_in_network(*interface.network, own.address());
    }
  }

  bool empty() const {
    return !bridge && !direct && !network && !ovs && !mac && !model && !vlan && !address && !subnet;
  }
};

int run_add(Context& context, const Args& args) {
  Interface interface {
    frontend::parse_interface_name(args.name), {}, "", {}
  };
  auto& inventory = context.inventory();
  args.apply(inventory, interface);
  inventory.add_interface(vm_with_interfaces(inventory, args.vm).name, interface);
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<Args>();
  args->declare(options);
  return [args](Context& context) { return run_add(context, *args); };
}

int run_set(Context& context, const Args& args) {
  if (args.empty()) {
    throw Error(Fault::usage, "set host interface: nothing to set (want key=value)");
  }
  auto& inventory = context.inventory();
  inventory.together("set host interface", [&] {
    const auto vm = vm_with_interfaces(inventory, args.vm).name;
    auto interface = inventory.require_interface(vm, args.name);
    args.apply(inventory, interface);
    inventory.set_interface(vm, interface);
  });
  return 0;
}

Action declare_set(Options& options) {
  auto args = std::make_shared<Args>();
  args->declare(options);
  return [args](Context& context) { return run_set(context, *args); };
}

struct RemoveArgs {
  std::string vm;
  std::string name;
};

int run_remove(Context& context, const RemoveArgs& args) {
  auto& inventory = context.inventory();
  inventory.remove_interface(vm_with_interfaces(inventory, args.vm).name, args.name);
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<RemoveArgs>();
  options.argument("VM", args->vm, "whose interface").required();
  options.argument("NAME", args->name, "name of the interface").or_key("iface").required();
  return [args](Context& context) { return run_remove(context, *args); };
}

// What address= takes, with commas between.
std::vector<std::string> address_words(const Interface& interface) {
  if (interface.addresses.empty()) return {"dhcp"};
  std::vector<std::string> words;
  for (const auto& one : interface.addresses) words.push_back(one.str());
  return words;
}

struct VmsArgs {
  std::vector<std::string> vms;
};

int run_list(Context& context, const VmsArgs& args) {
  Table table{{"host", "iface", "kind", "source", "mac", "model", "vlan", "address", "subnet"}, {}};
  for (const auto& vm : frontend::select_vms(context.inventory(), args.vms)) {
    for (const auto& one : vm.interfaces) {
      table.rows.push_back({vm.name.str(), one.name, std::string(name(one.kind)), one.source,
                            one.mac->str(), one.model, cell(one.vlan),
                            cell(address_words(one), ","),
                            one.network ? Cell(one.network->name) : Cell()});
    }
  }
  context.output.table(table);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<VmsArgs>();
  options.argument("VM", args->vms, "VMs, or containers whose VMs [all]");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_dump(Context& context, const VmsArgs& args) {
  for (const auto& vm : frontend::select_vms(context.inventory(), args.vms)) {
    for (const auto& one : vm.interfaces) {
      context.output.line(
          "cluster add host interface " + vm.name.str() + " " + one.name + " " +
          shell_word(std::string(name(one.kind)) + "=" + one.source) + " mac=" + one.mac->str() +
          " model=" + one.model + (one.vlan ? " vlan=" + std::to_string(*one.vlan) : "") +
          (one.addresses.empty() ? "" : " address=" + ip_addresses_text(one.addresses)) +
          (one.network ? " subnet=" + one.network->name : ""));
    }
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<VmsArgs>();
  options.argument("VM", args->vms, "VMs, or containers whose VMs [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"add host interface", "give a VM a network interface", kRunVms, declare_add},
    Command{"dump host interface", "print the commands that add the interfaces again",
            kKeepInventory, declare_dump},
    Command{"list host interface", "show the network interfaces of VMs", kRunVms, declare_list,
            Answer::table},
    Command{"remove host interface", "take a network interface from a VM", kRunVms, declare_remove},
    Command{"set host interface", "change a network interface of a VM", kRunVms, declare_set},
};

}  // namespace
}  // namespace host_interface

std::span<const Command> host_interface_commands() { return host_interface::kCommands; }

}  // namespace cluster::cmd
