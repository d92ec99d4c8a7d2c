#include "frontend/hosts/host_addresses.h"

#include <algorithm>
#include <map>

#include "core/ip_address.h"

namespace cluster::frontend {
namespace {

std::optional<std::string> network_of(const std::vector<Network>& networks,
                                      const std::optional<std::string>& named,
                                      const std::string& address) {
  if (named) return named;
  std::optional<std::string> found;
  for (const auto& network : networks) {
    if (!network.subnet.has(address)) continue;
    if (found) return std::nullopt;
    found = network.name;
  }
  return found;
}

std::optional<std::string> name_of(const Interface& interface) {
  return interface.network ? std::optional(interface.network->name) : std::nullopt;
}

// The interface by which `vm` has `address`: the one that says so, or its only one.
const Interface* interface_with(const Vm& vm, const std::string& address) {
  for (const auto& one : vm.interfaces) {
    for (const auto& own : one.addresses) {
      if (own.address() == address) return &one;
    }
  }
  return vm.interfaces.size() == 1 ? vm.interfaces.data() : nullptr;
}

NamedAddress address_of(const Host& host, const Vm* vm, const std::vector<Network>& networks) {
  NamedAddress one{host.name.str(), *host.address, host.mac, host.network};
  if (const auto* interface = vm == nullptr ? nullptr : interface_with(*vm, one.address)) {
    one.mac = interface->mac;
    if (!one.network) one.network = name_of(*interface);
  }
  one.network = network_of(networks, one.network, one.address);
  return one;
}

// The first interface with an address is the VM itself, as for ssh; the others get their name.
std::vector<NamedAddress> addresses_of(const Vm& vm, const std::vector<Network>& networks) {
  std::vector<NamedAddress> all;
  bool is_first = true;
  for (const auto& interface : vm.interfaces) {
    for (const auto& own : interface.addresses) {
      all.push_back({vm.name.str() + (is_first ? "" : "-" + interface.name), own.address(),
                     interface.mac, network_of(networks, name_of(interface), own.address())});
    }
    is_first = is_first && interface.addresses.empty();
  }
  return all;
}

}  // namespace

HostAddresses addresses_of(Inventory& inventory, const std::vector<Host>& hosts) {
  HostAddresses found;
  inventory.look_together("report host", [&] {
    const auto networks = inventory.networks();
    std::map<HostName, Vm> vms;
    for (auto& vm : inventory.vms()) vms.emplace(vm.name, std::move(vm));
    for (const auto& host : hosts) {
      const auto at = vms.find(host.name);
      const auto* vm = at == vms.end() ? nullptr : &at->second;
      std::vector<NamedAddress> all;
      if (host.address && is_ip_address(*host.address)) {
        all.push_back(address_of(host, vm, networks));
      } else if (vm != nullptr) {
        all = addresses_of(*vm, networks);
      }
      if (all.empty()) found.without.push_back(host.name.str());
      std::ranges::move(all, std::back_inserter(found.known));
    }
  });
  return found;
}

}  // namespace cluster::frontend
