#include "frontend/vms/vm_adoption.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_attributes.h"
#include "frontend/vms/vm_definition.h"
#include "frontend/vms/vm_devices.h"
#include "frontend/vms/vm_disk.h"
#include "frontend/vms/vm_interface.h"
#include "virt/domain_merge.h"
#include "virt/domain_reading.h"

namespace cluster::frontend {
namespace {

std::string owner_words(const HostName& vm, const Interface& interface) {
  return interface.name + " of VM " + quote(vm.str());
}

// Collects what the inventory is to have of a VM.
class Adoption {
 public:
  Adoption(Inventory& inventory, const HostName& name, const VmHost& there,
           const virt::Domain& domain, MacOwners owners)
      : macs(std::move(owners)),
        inventory_(inventory),
        there_(there),
        domain_(domain),
        spec_(virt::read_spec(domain.xml)) {
    vm_.emplace(Vm{name,
                   there.host.name,
                   domain.uuid,
                   std::max(spec_.memory_mib, 1),
                   std::max(spec_.cpus, 1),
                   {},
                   {}});
    if (domain.name != name.str()) vm_->libvirt_name = domain.name;
  }

  void take() {
    add_disks();
    inventory_.add_vm(*vm_);
    add_interfaces();
    add_attributes();
    add_cards();
    agree();
  }

  std::vector<std::string> notes;
  MacOwners macs;

 private:
  void add_disks() {
    for (const auto& one : spec_.disks) {
      VmDisk disk{one.source, one.path, one.target, one.bus, one.format, {}};
      const auto plain = disk;
      disk.cache = one.cache;
      disk.io = one.io;
      disk.discard = one.discard;
      disk.serial = one.serial;
      disk.iothread = one.iothread;
      if (!can_be_typed(disk)) disk = plain;
      if (!can_be_typed(disk)) continue;
      disk.made = disk.source == DiskSource::file;
      vm_->disks.push_back(disk);
    }
  }

  static bool can_be_typed(const VmDisk& disk) {
    try {
      return parse_disks({disk_text(disk)}) == std::vector{disk};
    } catch (const Error&) {
      return false;
    }
  }

  void add_interfaces() {
    std::set<std::string> names;
    for (const auto& one : spec_.interfaces) names.insert(one.name);
    int next = 0;
    std::set<std::string> taken;
    for (const auto& one : spec_.interfaces) {
      std::optional<Interface> interface;
      try {
        interface.emplace(
            Interface{one.name, one.kind, parse_interface_source(one.kind, one.source),
                      MacAddress::parse(one.mac), parse_interface_model(one.model), one.vlan});
      } catch (const Error&) {
        continue;  // it stays libvirt's alone
      }
      const auto [owner, is_new] = macs.emplace(*interface->mac, "");
      if (!is_new) {
        notes.push_back("its interface " + interface->mac->str() + " has the MAC address of " +
                        owner->second + ", and stays in libvirt's document");
        continue;
      }
      if (!is_interface_name(one.name) || !taken.insert(one.name).second) {
        do {
          interface->name = "eth" + std::to_string(next++);
        } while (names.contains(interface->name) || !taken.insert(interface->name).second);
      }
      inventory_.add_interface(vm_->name, *interface);
      owner->second = owner_words(vm_->name, *interface);
    }
    has_interfaces_ = !taken.empty();
  }

  static bool is_interface_name(const std::string& name) {
    try {
      return !parse_interface_name(name).empty();
    } catch (const Error&) {
      return false;
    }
  }

  // Sets what counts for the VM otherwise, and not as libvirt has it.
  void add_attributes() {
    const auto stored = inventory_.attributes(OnlyHosts{{vm_->name, vm_->container}});
    const auto resolved = AttributeResolver(stored).resolve({"vm", vm_->container, vm_->name});
    std::vector<Attribute> attributes;
    const auto set = [&](const std::string& name, const std::string& value) {
      if (attribute_value(resolved, name) == value) return;
      try {
        check_attribute_value(name, value);
      } catch (const Error&) {
        return;
      }
      attributes.push_back({{}, vm_->name, name, value});
    };
    set("vm_type", spec_.type == virt::DomainType::kvm ? "kvm" : "qemu");
    set("vm_firmware", spec_.firmware == virt::Firmware::bios  ? "bios"
                       : spec_.firmware == virt::Firmware::efi ? "efi"
                                                               : "efi-secure");
    const auto& machine = spec_.machine;
    if (attribute_value(resolved, "vm_machine") != machine) {
      set("vm_machine", machine.starts_with("pc-q35")                         ? "q35"
                        : machine.starts_with("pc-i440fx") || machine == "pc" ? "pc"
                                                                              : machine);
    }
    set("vm_cpu_mode", spec_.cpu_mode == virt::CpuMode::host_passthrough ? "host-passthrough"
                       : spec_.cpu_mode == virt::CpuMode::host_model     ? "host-model"
                       : spec_.cpu_mode == virt::CpuMode::maximum        ? "maximum"
                                                                         : spec_.cpu_model);
    if (!spec_.boot.empty()) set("vm_boot", joined(spec_.boot, ","));
    set("vm_clock", spec_.clock);
    set("vm_on_poweroff", spec_.lifecycle.on_poweroff);
    set("vm_on_reboot", spec_.lifecycle.on_reboot);
    set("vm_on_crash", spec_.lifecycle.on_crash);
    set("vm_guest_agent", spec_.guest_agent ? "yes" : "no");
    set("vm_autostart", domain_.autostart ? "yes" : "no");
    set("vm_card_tuning", "no");  // a card is to change nothing else
    set("vm_seed", "no");
    if (!has_interfaces_) set("vm_interface", "none");
    inventory_.set_attributes(attributes);
  }

  // A device of the host that the VM is to hold, and the name that it has there already.
  struct Held {
    CardRef card;
    std::string alias;
  };

  void add_cards() {
    const auto devices = inventory_.devices({vm_->container}).at(0);
    std::vector<Held> held;
    for (const auto& card : devices.cards) hold_card(card, held);
    for (const auto& mdev : spec_.mdevs) {
      if (is_known(devices, mdev)) held.push_back({MdevRef{mdev.uuid}, mdev.name});
    }
    tell_unknown(devices);
    tell_other_ways(devices);
    std::set<GpuName> taken;
    std::vector<std::optional<GpuName>> names;
    for (const auto& one : held) {
      const auto name = name_of(one.alias);
      names.push_back(name && taken.insert(*name).second ? name : std::nullopt);
    }
    int next = 1;
    for (std::size_t i = 0; i < held.size(); ++i) {
      auto name = names[i];
      if (!name && held.size() == 1) name.emplace("gpupci");
      while (!name) {
        GpuName free("gpupci" + std::to_string(next++));
        if (taken.insert(free).second) name = free;
      }
      inventory_.assign_gpu(vm_->name, *name, held[i].card);
    }
  }

  static std::optional<GpuName> name_of(const std::string& alias) {
    try {
      return GpuName(alias);
    } catch (const Error&) {
      return {};
    }
  }

  // Adds the card, or slices of it, when the domain has functions of it.
  void hold_card(const GpuCard& card, std::vector<Held>& held) {
    std::vector<std::string> missing;
    for (const auto& function : card.functions) missing.push_back(function.pci.libvirt());
    std::optional<std::string> alias;
    for (const auto& slot : spec_.cards) {
      for (const auto& pci : slot.functions) {
        const auto slice = std::ranges::find(card.slices, pci, &GpuSlice::pci);
        if (slice != card.slices.end()) {
          held.push_back({SliceName{card.name, slice->number}, slot.name});
        } else if (has_function(card, pci)) {
          if (!alias) alias = slot.name;
          std::erase(missing, pci.libvirt());
        }
      }
    }
    if (!alias) return;
    held.push_back({SliceName{card.name}, *alias});
    if (missing.empty()) return;
    notes.push_back("it has " + card.name.str() + " of " + vm_->container.str() + " without " +
                    joined(missing, ", ") + ", and stays so");
  }

  static bool is_known(const HostDevices& devices, const virt::MdevSpec& mdev) {
    return std::ranges::find(devices.mdevs, mdev.uuid, &Mdev::uuid) != devices.mdevs.end();
  }

  void tell_unknown(const HostDevices& devices) {
    std::vector<std::string> unknown;
    for (const auto& slot : spec_.cards) {
      for (const auto& pci : slot.functions) {
        if (!name_of_card(devices.cards, pci)) unknown.push_back(pci.libvirt());
      }
    }
    for (const auto& mdev : spec_.mdevs) {
      if (!is_known(devices, mdev)) unknown.push_back(mdev.uuid);
    }
    if (unknown.empty()) return;
    notes.push_back("it has " + joined(unknown, ", ") + " of " + vm_->container.str() +
                    ", which is no card of the inventory: that stays in libvirt's document");
  }

  // A network card may be said as <interface type='hostdev'>, an NVMe disk as <disk type='nvme'>.
  void tell_other_ways(const HostDevices& devices) {
    std::set<std::string> taken;
    for (const auto& slot : spec_.cards) {
      for (const auto& pci : slot.functions) taken.insert(pci.libvirt());
    }
    for (const auto& mdev : spec_.mdevs) taken.insert(mdev.uuid);
    std::vector<std::string> others;
    for (const auto& device : virt::given_devices(domain_.xml)) {
      if (taken.contains(device) || is_uuid(device)) continue;
      others.push_back(name_of_card(devices.cards, PciAddress::parse(device)).value_or(device));
    }
    if (others.empty()) return;
    notes.push_back("it has " + joined(others, ", ") + " of " + vm_->container.str() +
                    " as an interface or a disk: that stays in libvirt's document, and no other VM "
                    "gets it");
  }

  // What the inventory says of it and what libvirt has are one from now on.
  void agree() {
    const auto vm = inventory_.require_vm(vm_->name);
    const VmDefinitions definitions(inventory_, {vm});
    const auto ours = definitions.rendering(vm, static_cast<int>(there_.version));
    inventory_.agree(vm.name, {vm.uuid, vm.container, ours.xml,
                               virt::without_passwords(domain_.xml), there_.version});
    inventory_.agree_autostart(vm.name, {definitions.autostart(vm), domain_.autostart});
  }

  Inventory& inventory_;
  const VmHost& there_;
  const virt::Domain& domain_;
  virt::DomainSpec spec_;
  std::optional<Vm> vm_;
  bool has_interfaces_ = false;
};

}  // namespace

HostName name_for(const virt::Domain& domain) {
  constexpr std::size_t kMaxLabel = 63;
  try {
    return HostName(domain.name);
  } catch (const Error&) {
    std::string name;
    for (const char c : domain.name) {
      const bool fits =
          std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 0x80;
      if (fits) {
        name += c;
      } else if (!name.empty() && name.back() != '-') {
        name += '-';
      }
    }
    name = name.substr(0, kMaxLabel);
    while (name.ends_with('-')) name.pop_back();
    return HostName(name.empty() ? "vm-" + domain.uuid.substr(0, domain.uuid.find('-')) : name);
  }
}

MacOwners mac_owners(const std::vector<Vm>& vms) {
  MacOwners owners;
  for (const auto& vm : vms) {
    for (const auto& one : vm.interfaces) {
      if (one.mac) owners.emplace(*one.mac, owner_words(vm.name, one));
    }
  }
  return owners;
}

std::vector<std::string> adopt(Inventory& inventory, const HostName& name, const VmHost& there,
                               const virt::Domain& domain, MacOwners& macs) {
  if (means_a_group(name.str(), inventory.appliances())) {
    throw Error(Fault::usage,
                "VM name " + quote(name.str()) + " means a group of hosts: want another");
  }
  if (!domain.persistent) {
    throw Error(Fault::refused, "it is transient, and gone when it stops: `virsh define` it first");
  }
  Adoption adoption(inventory, name, there, domain, macs);
  inventory.together("add host vm", [&] {
    // A card that two domains have is the VM's, and the other one's no more free than before.
    auto known = inventory.domain_devices(OnlyHosts{{there.host.name}});
    inventory.store_domain_devices({{there.host.name, {}}});
    adoption.take();
    inventory.store_domain_devices(known);
  });
  macs = std::move(adoption.macs);
  if (const auto words = plugged_in(there, domain)) adoption.notes.push_back("it " + *words);
  return std::move(adoption.notes);
}

}  // namespace cluster::frontend
