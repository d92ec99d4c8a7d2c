#include "frontend/fleet/fleet.h"

#include <algorithm>
#include <set>

#include "core/natural_key.h"
#include "core/secret_names.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/fleet/guest_places.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::frontend {
namespace {

std::map<std::string, std::string> without_secret_ones(const ResolvedAttributes& resolved) {
  std::map<std::string, std::string> attributes;
  for (const auto& [name, one] : resolved) {
    if (!may_be_secret(name)) attributes.emplace(name, one.value);
  }
  return attributes;
}

std::optional<std::string> address_of(const Host& host, const Vm& vm) {
  if (host.address) return host.address;
  for (const auto& interface : vm.interfaces) {
    if (!interface.addresses.empty()) return interface.addresses.front().address();
  }
  return std::nullopt;
}

// The later of two times that are spelled alike.
void note_time(std::optional<std::string>& last, const std::optional<std::string>& time) {
  if (time && !time->empty() && (!last || *last < *time)) last = time;
}

// The devices of one host, and who holds them.
class HostReader {
 public:
  HostReader(FleetHost& host, HostDevices devices, const GuestPlaces& guests)
      : host_(host), devices_(std::move(devices)), guests_(guests) {}

  void read() {
    for (auto& card : devices_.cards) {
      const auto held = held_card(card.name);
      auto& one = host_.cards.emplace_back(FleetCard{std::move(card)});
      one.kind = kind_of(one.card);
      one.binding = one.card.missing ? Binding::unknown : binding_of(one.card.told.driver, "");
      one.failing = one.card.failing ? one.card.failing : host_.host.failing;
      if (held) one.place = place_of(*held, guest_device(one.card));
      const auto there = std::ranges::find(devices_.elsewhere, one.card.name, &CardElsewhere::gpu);
      if (there != devices_.elsewhere.end()) one.domain = there->domain;
      add_slices(one);
    }
    add_mdevs();
    for (auto& slice : host_.others) slice.state = state_of(slice);
    for (auto& card : host_.cards) {
      card.state = card_state(host_.host, card.card, devices_);
      for (auto& slice : card.slices) slice.state = state_of(slice, &card);
      note_time(host_.seen, card.card.told.seen);
      note_time(host_.seen, card.card.told.driver_seen);
      note_time(host_.seen, card.card.told.failing_seen);
    }
  }

 private:
  std::optional<HeldDevice> held_card(const GpuName& card) const {
    const auto at = std::ranges::find_if(
        devices_.held, [&](const HeldDevice& one) { return one.is_card && one.gpu == card; });
    return at == devices_.held.end() ? std::nullopt : std::optional(*at);
  }

  std::optional<HeldDevice> held_slice(const std::string& device) const {
    const auto at = std::ranges::find_if(
        devices_.held, [&](const HeldDevice& one) { return !one.is_card && one.device == device; });
    return at == devices_.held.end() ? std::nullopt : std::optional(*at);
  }

  // The device by which a document of libvirt names the card.
  static std::string guest_device(const GpuCard& card) {
    return (card.functions.empty() ? card.pci : card.functions.front().pci).libvirt();
  }

  FleetPlace place_of(const HeldDevice& held, const std::string& device) const {
    FleetPlace place{held.vm, held.name};
    const auto vm = guests_.find(held.vm);
    if (vm == guests_.end()) return place;
    const auto at = vm->second.find(device);
    if (at != vm->second.end()) place.guest = at->second;
    return place;
  }

  std::optional<std::string> domain_with(const std::string& device) const {
    const auto at = std::ranges::find(devices_.elsewhere, device, &CardElsewhere::device);
    return at == devices_.elsewhere.end() ? std::nullopt : std::optional(at->domain);
  }

  void add_slices(FleetCard& card) {
    for (const auto& one : card.card.slices) {
      FleetSlice slice{SliceName{card.card.name, one.number}.str()};
      slice.parent = card.card.name.str();
      slice.pci = one.pci;
      slice.type = one.type;
      slice.state = CardState::free;  // so far
      if (const auto held = held_slice(slice.name)) {
        slice.place = place_of(*held, one.pci.libvirt());
      }
      slice.domain = domain_with(one.pci.libvirt());
      card.slices.push_back(std::move(slice));
    }
    for (const auto& held : devices_.held) {  // those that are not there yet, or not any more
      if (held.is_card || !held.number || held.present || held.gpu != card.card.name) continue;
      FleetSlice slice{held.device};
      slice.parent = card.card.name.str();
      slice.place = FleetPlace{held.vm, held.name};
      card.slices.push_back(std::move(slice));
    }
  }

  // The slices of the card that a mediated device is on, or those of no card.
  std::vector<FleetSlice>& beside(const std::string& parent) {
    const auto card = std::ranges::find_if(host_.cards, [&](const FleetCard& one) {
      return one.card.name.str() == std::string_view(parent).substr(0, parent.find('.'));
    });
    return card == host_.cards.end() ? host_.others : card->slices;
  }

  void add_mdevs() {
    for (const auto& mdev : devices_.mdevs) {
      FleetSlice slice{mdev.uuid, true, mdev.parent};
      slice.type = mdev.type;
      slice.state = CardState::free;  // so far
      if (const auto held = held_slice(mdev.uuid)) slice.place = place_of(*held, mdev.uuid);
      slice.domain = domain_with(mdev.uuid);
      beside(mdev.parent).push_back(std::move(slice));
    }
    for (const auto& held : devices_.held) {
      if (held.is_card || held.number || held.present) continue;
      FleetSlice slice{held.device, true};
      slice.place = FleetPlace{held.vm, held.name};
      host_.others.push_back(std::move(slice));
    }
  }

  CardState state_of(const FleetSlice& slice, const FleetCard* card = nullptr) const {
    if (slice.state == CardState::missing || (card != nullptr && card->card.missing)) {
      return CardState::missing;
    }
    if (slice.place) return CardState::in_vm;
    if (slice.domain) return CardState::in_domain;
    return state_of_nobodys(host_.host, card == nullptr ? nullptr : &card->card);
  }

  FleetHost& host_;
  HostDevices devices_;
  const GuestPlaces& guests_;
};

// Leaves a host that is not meant only what its VMs hold.
void leave_held(FleetHost& host, const std::set<HostName>& vms) {
  const auto is_of_these = [&](const std::optional<FleetPlace>& place) {
    return place && vms.contains(place->vm);
  };
  const auto is_no_slice_of_these = [&](const FleetSlice& one) { return !is_of_these(one.place); };
  for (auto& card : host.cards) std::erase_if(card.slices, is_no_slice_of_these);
  std::erase_if(host.others, is_no_slice_of_these);
  std::erase_if(host.cards, [&](const FleetCard& card) {
    return !is_of_these(card.place) && card.slices.empty();
  });
}

// What a VM holds, and where it has it.
std::vector<FleetDevice> devices_of(const Vm& vm, const FleetHost& host) {
  std::vector<FleetDevice> devices;
  for (const auto& held : vm.gpus) {
    FleetDevice device{held.name, held.gpu.str(), true, held.gpu};
    for (const auto& card : host.cards) {
      if (card.card.name == held.gpu && card.place) device.guest = card.place->guest;
    }
    devices.push_back(std::move(device));
  }
  for (const auto& held : vm.slices) {
    FleetDevice device{held.name, held.device, false, held.gpu};
    const auto take_guest = [&](const std::vector<FleetSlice>& slices) {
      const auto at = std::ranges::find(slices, held.device, &FleetSlice::name);
      if (at != slices.end() && at->place) device.guest = at->place->guest;
    };
    for (const auto& card : host.cards) take_guest(card.slices);
    take_guest(host.others);
    devices.push_back(std::move(device));
  }
  std::ranges::sort(devices, {}, &FleetDevice::name);
  return devices;
}

class Reader {
 public:
  Reader(Inventory& inventory, const std::vector<std::string>& words, bool with_guests)
      : inventory_(inventory), words_(words), with_guests_(with_guests) {}

  Fleet read() {
    fleet_.made = utc_now();
    fleet_.words = words_;
    select();
    const AttributeResolver attributes(inventory_.attributes(only_));
    read_vms(attributes);
    read_hosts(attributes);
    const auto by_name = hosts_by_name(fleet_);
    for (auto& vm : fleet_.vms) vm.devices = devices_of(vm.vm, *by_name.at(vm.vm.container));
    return std::move(fleet_);
  }

 private:
  // The hosts that are meant, their VMs, and the hosts of VMs that are meant alone.
  void select() {
    auto meant = select_hosts(inventory_, words_);
    if (!words_.empty()) {
      only_.emplace();
      for (const auto& host : meant) only_->push_back(host.name);
    }
    vms_ = inventory_.vms(only_);
    std::set<HostName> names;
    for (const auto& host : meant) names.insert(host.name);
    OnlyHosts more{std::in_place};
    for (const auto& vm : vms_) {
      for (const auto& name : {vm.name, vm.container}) {
        if (names.insert(name).second) more->push_back(name);
      }
    }
    for (auto& host : meant) keep(std::move(host), true);
    if (more->empty()) return;
    for (auto& host : inventory_.hosts(more)) {
      only_->push_back(host.name);
      keep(std::move(host), false);
    }
  }

  void keep(Host host, bool meant) {
    const auto name = host.name;
    hosts_.emplace(name, FleetHost{std::move(host), meant});
  }

  void read_vms(const AttributeResolver& attributes) {
    for (auto& vm : vms_) {
      auto row = hosts_.extract(vm.name);
      FleetVm one{std::move(vm), std::move(row.mapped().host)};
      one.attributes = without_secret_ones(
          attributes.resolve({one.host.appliance, one.vm.container, one.vm.name}));
      one.address = address_of(one.host, one.vm);
      vm_names_.insert(one.vm.name);
      fleet_.vms.push_back(std::move(one));
    }
  }

  void read_hosts(const AttributeResolver& attributes) {
    std::vector<Vm> vms;
    for (const auto& vm : fleet_.vms) {
      if (with_guests_) vms.push_back(vm.vm);
    }
    const auto guests = guest_places(inventory_, vms, fleet_.notes);
    std::vector<HostName> names;
    for (const auto& [name, host] : hosts_) names.push_back(name);
    auto devices = inventory_.devices(names);
    const auto agents = inventory_.host_agents();
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto& host = hosts_.at(names[i]);
      host.attributes =
          without_secret_ones(attributes.resolve({host.host.appliance, {}, host.host.name}));
      HostReader(host, std::move(devices[i]), guests).read();
      const auto agent = agents.find(names[i]);
      if (agent != agents.end()) note_time(host.seen, agent->second.seen);
      if (!host.meant) leave_held(host, vm_names_);
      fleet_.hosts.push_back(std::move(host));
    }
    sort_naturally(fleet_.hosts, [](const FleetHost& host) { return host.host.name.str(); });
  }

  Inventory& inventory_;
  const std::vector<std::string>& words_;
  bool with_guests_;
  OnlyHosts only_;
  std::vector<Vm> vms_;
  std::map<HostName, FleetHost> hosts_;
  std::set<HostName> vm_names_;
  Fleet fleet_;
};

}  // namespace

std::map<HostName, const FleetHost*> hosts_by_name(const Fleet& fleet) {
  std::map<HostName, const FleetHost*> by_name;
  for (const auto& host : fleet.hosts) by_name.emplace(host.host.name, &host);
  return by_name;
}

Fleet read_fleet(Inventory& inventory, const std::vector<std::string>& words, bool with_guests) {
  Fleet fleet;
  inventory.look_together("report fleet",
                          [&] { fleet = Reader(inventory, words, with_guests).read(); });
  return fleet;
}

}  // namespace cluster::frontend
