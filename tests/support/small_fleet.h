#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "frontend/fleet/fleet.h"

// Hosts, cards and VMs of which no more is known than a report wants.
namespace cluster::frontend {

inline Host small_host(const std::string& name, const std::string& appliance = "vm-container") {
  return {HostName(name), appliance, {}, {}, {}, {}, {}, {}};
}

/// A free GPU of NVIDIA, "gpupci3" at 0000:03:00.0.
inline FleetCard small_card(int number, const std::string& device = "20f1",
                            const std::string& model = "GA100 [A100]") {
  const PciAddress pci{0, static_cast<std::uint8_t>(number), 0, 0};
  FleetCard card{{GpuName("gpupci" + std::to_string(number)), pci, {}, {}, {}, {}, {}, false, {}}};
  card.card.model = model;
  card.card.functions = {{pci, "0302", "10de", device, {}, {}, 7}};
  card.kind = DeviceKind::gpu;
  card.state = CardState::free;
  return card;
}

/// A VM of 1 GiB and 2 CPUs.
inline FleetVm small_vm(const std::string& name, const std::string& host) {
  return {{HostName(name), HostName(host), "u", 1024, 2, {}, {}}, small_host(name, "vm")};
}

/// Gives a card to a VM, which has it at `bus` there; 0: nobody knows where.
inline void give(FleetVm& vm, FleetCard& card, int bus) {
  const GpuName name("gpupci" + std::to_string(vm.devices.size() + 1));
  std::optional<PciAddress> guest;
  if (bus > 0) guest = PciAddress{0, static_cast<std::uint8_t>(bus), 0, 0};
  card.state = CardState::in_vm;
  card.place = FleetPlace{vm.vm.name, name, guest};
  vm.devices.push_back({name, card.card.name.str(), true, card.card.name, guest});
}

/// A fleet of one host.
inline Fleet fleet_with(FleetHost host) {
  Fleet fleet;
  fleet.hosts.push_back(std::move(host));
  return fleet;
}

}  // namespace cluster::frontend
