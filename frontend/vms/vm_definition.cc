#include "frontend/vms/vm_definition.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/rolls/roll_store.h"
#include "frontend/vms/vm_attributes.h"
#include "frontend/vms/vm_fragments.h"
#include "frontend/vms/vm_seed.h"
#include "virt/domain_xml.h"

namespace cluster::frontend {
namespace {

virt::DiskSpec disk_of(const VmDisk& disk) {
  return {disk.source, disk.path, disk.format,  disk.target, disk.bus, {},
          disk.cache,  disk.io,   disk.discard, disk.serial, false,    disk.iothread};
}

virt::InterfaceSpec interface_of(const Interface& interface) {
  return {interface.kind,
          interface.source,
          interface.mac->str(),
          interface.model,
          interface.vlan_in_effect(),
          {},
          interface.name,
          interface.network ? interface.network->mtu : std::nullopt};
}

// The BARs of a function. An older inventory has only their sum: BARs are powers of two, so they
// are at best those that it is made of.
std::vector<int> bars_of(const GpuFunction& function) {
  auto bars = function.bars;
  if (!bars.empty()) return bars;
  auto rest = static_cast<unsigned>(function.bar_mib.value_or(0));
  for (; rest != 0; rest -= std::bit_floor(rest)) {
    bars.push_back(static_cast<int>(std::bit_floor(rest)));
  }
  return bars;
}

// Gives a discovered card all its functions, and a card that was only typed just its address.
virt::CardSpec card_of(const GpuName& name, const GpuCard& card) {
  virt::CardSpec spec;
  spec.name = name.str();
  spec.known = !card.functions.empty();
  spec.numa_node = card.numa_node;
  spec.kind = kind_of(card);
  const auto model = lower(card.model.value_or(""));
  // Those of P100 and V100 in SXM2 have no NVSwitches.
  spec.sxm = model.find("sxm") != std::string::npos && model.find("sxm2") == std::string::npos;
  if (!spec.known) spec.functions = {card.pci};
  for (const auto& function : card.functions) {
    spec.functions.push_back(function.pci);
    const auto bars = bars_of(function);
    spec.bars.insert(spec.bars.end(), bars.begin(), bars.end());
  }
  return spec;
}

[[noreturn]] void refuse_missing(const Vm& vm, const std::string& device) {
  throw Error(Fault::refused,
              "VM " + quote(vm.name.str()) + " holds " + device + " of host " +
                  quote(vm.container.str()) +
                  ", which was missing when the host was asked last: `cluster discover host gpu " +
                  vm.container.str() + "`, or give it another");
}

[[noreturn]] void refuse_absent(const Vm& vm, const VmSlice& held) {
  const auto& host = vm.container.str();
  const auto command =
      held.number ? "gpupci --vfs " + held.gpu->str() + " " + std::to_string(*held.number + 1)
                  : std::string("gpupci --restore");
  throw Error(Fault::refused,
              "VM " + quote(vm.name.str()) + " holds " + (held.number ? "slice " : "vGPU ") +
                  held.device + " of host " + quote(host) +
                  ", which is not there as far as the inventory knows: `cluster run host " + host +
                  " \"" + command + "\"`, then `cluster discover host gpu " + host + "`");
}

// Returns " without FILE", which names the fragment that makes libvirt refuse `domain`; "" when no
// single fragment does.
std::string culprit(const virt::DomainSchema& schema, const virt::DomainSpec& domain) {
  for (std::size_t i = 0; i < domain.fragments.size(); ++i) {
    auto rest = domain;
    rest.fragments.erase(rest.fragments.begin() + static_cast<std::ptrdiff_t>(i));
    if (!schema.refusal(virt::domain_xml(rest))) {
      return " (it would without " + domain.fragments[i].origin + ")";
    }
  }
  return "";
}

// Returns the domain without the things that libvirt 9.0, the one of Debian 12, does not know yet.
virt::DomainSpec without_newer(virt::DomainSpec domain) {
  for (auto& card : domain.cards) {
    card.driver_model.clear();
    card.acpi_nodeset.clear();
    card.iommufd = false;
  }
  return domain;
}

// The VMs and their containers, as the attributes of both count.
OnlyHosts owners_of(const std::vector<Vm>& vms) {
  std::set<HostName> names;
  for (const auto& vm : vms) names.insert({vm.name, vm.container});
  return OnlyHosts{{names.begin(), names.end()}};
}

}  // namespace

VmDefinitions::VmDefinitions(Inventory& inventory, const std::vector<Vm>& vms)
    : attributes_(inventory.attributes(owners_of(vms))), rolls_(enabled_rolls(inventory)) {
  std::set<HostName> names;
  for (const auto& vm : vms) names.insert(vm.container);
  const std::vector<HostName> containers(names.begin(), names.end());
  auto devices = inventory.devices(containers);
  for (std::size_t i = 0; i < containers.size(); ++i) {
    cards_.emplace(containers[i], std::move(devices[i].cards));
  }
}

ResolvedAttributes VmDefinitions::attributes(const Vm& vm) const {
  return attributes_.resolve({"vm", vm.container, vm.name});
}

const GpuCard& VmDefinitions::card(const Vm& vm, const GpuName& name) const {
  const auto of_host = cards_.find(vm.container);
  if (of_host != cards_.end()) {
    const auto at = std::ranges::find(of_host->second, name, &GpuCard::name);
    if (at != of_host->second.end()) return *at;
  }
  throw Error(Fault::refused, "VM " + quote(vm.name.str()) +
                                  ": the inventory changed while it was read: try again");
}

virt::DomainSpec VmDefinitions::spec(const Vm& vm) const {
  const auto resolved = attributes(vm);
  auto domain = spec_without_seed(vm, resolved);
  if (const auto seed = seed_of(vm, resolved, domain)) {
    domain.disks.push_back(seed_disk(*seed, domain));
  }
  return domain;
}

std::optional<Seed> VmDefinitions::seed(const Vm& vm) const {
  const auto resolved = attributes(vm);
  return seed_of(vm, resolved, spec_without_seed(vm, resolved));
}

virt::DomainSpec VmDefinitions::spec_without_seed(const Vm& vm,
                                                  const ResolvedAttributes& resolved) const {
  virt::DomainSpec domain;
  domain.name = vm.name.str();
  domain.uuid = vm.uuid;
  domain.memory_mib = vm.memory_mib;
  domain.cpus = vm.cpus;
  for (const auto& disk : vm.disks) domain.disks.push_back(disk_of(disk));
  for (const auto& interface : vm.interfaces) domain.interfaces.push_back(interface_of(interface));
  for (const auto& held : vm.gpus) {
    const auto& has = card(vm, held.gpu);
    if (has.missing) refuse_missing(vm, held.gpu.str());
    domain.cards.push_back(card_of(held.name, has));
  }
  for (const auto& held : vm.slices) {
    if (held.number && card(vm, *held.gpu).missing) refuse_missing(vm, held.device);
    if (!held.present) refuse_absent(vm, held);
    if (!held.number) {
      domain.mdevs.push_back({held.name.str(), held.device});
      continue;
    }
    auto& slice = domain.cards.emplace_back();
    slice.name = held.name.str();
    slice.functions = {*held.pci};
    slice.managed = false;
    slice.numa_node = card(vm, *held.gpu).numa_node;
  }
  std::ranges::sort(domain.cards, natural_less, &virt::CardSpec::name);
  domain.fragments = fragments_for(rolls_, vm, resolved);  // before those of the operator
  apply_attributes(domain, resolved);
  domain.name = vm.domain();  // what is said of attributes is about the VM
  return domain;
}

virt::GateFacts VmDefinitions::facts(const Vm& vm) const {
  virt::GateFacts facts;
  facts.has_partition = vm.fabric.has_value();
  const auto bits = attribute_value(attributes(vm), "vm_host_address_bits");
  if (!bits.empty()) facts.address_bits = std::stoi(bits);  // the definition has checked it already
  std::map<int, std::vector<PciAddress>> groups;
  const auto of_host = cards_.find(vm.container);
  if (of_host == cards_.end()) return facts;
  for (const auto& card : of_host->second) {
    const bool is_held = std::ranges::find(vm.gpus, card.name, &VmGpu::gpu) != vm.gpus.end();
    if (!is_held) facts.cards.push_back(card_of(card.name, card));
    for (const auto& function : card.functions) {
      if (function.iommu_group) groups[*function.iommu_group].push_back(function.pci);
    }
  }
  for (auto& [number, members] : groups) facts.groups.push_back(std::move(members));
  return facts;
}

std::vector<std::string> VmDefinitions::judge(const Vm& vm, const Rendering& ours,
                                              const std::string& document, const std::string& there,
                                              std::optional<int> libvirt_version) const {
  auto known = facts(vm);
  known.libvirt_version = libvirt_version;
  known.cards.insert(known.cards.begin(), ours.domain.cards.begin(), ours.domain.cards.end());
  const auto is_in = [&](const std::string& other, const virt::GateRefusal& one) {
    const auto all = virt::gate(other, known);
    return std::ranges::any_of(all, [&](const virt::GateRefusal& its) {
      return its.id == one.id && its.reason == one.reason;
    });
  };
  std::vector<std::string> warnings;
  for (const auto& one : virt::gate(document, known)) {
    const auto line =
        "VM " + quote(vm.name.str()) + ": " + one.id + ": " + one.reason + ": " + one.fix;
    const bool refused =
        !one.warns && (there.empty() || !is_in(there, one) || is_in(ours.xml, one));
    if (refused) throw Error(Fault::refused, line);
    warnings.push_back(line);
  }
  return warnings;
}

bool VmDefinitions::autostart(const Vm& vm) const {
  return parse_yes_no("vm_autostart", attribute_value(attributes(vm), "vm_autostart"));
}

VmDefinitions::Rendering VmDefinitions::rendering(const Vm& vm,
                                                  std::optional<int> libvirt_version) const {
  Rendering ours{spec(vm), ""};
  ours.domain.libvirt_version = libvirt_version;
  try {
    ours.xml = virt::domain_xml(ours.domain);
  } catch (const Error& error) {  // the wrong value was typed earlier
    throw Error(Fault::refused, error.what());
  }
  return ours;
}

VmDefinitions::Check VmDefinitions::check(const Vm& vm, const Rendering& ours,
                                          const std::string& document,
                                          const std::string& there) const {
  const auto fault = schema_.refusal(document);
  if (!fault) return {};
  const auto why = schema_.refusal(ours.xml);
  if (!why) {
    // Whoever wrote the rest, libvirt there has taken it. What it takes and writes back is not
    // always in its own schema, an empty <rom file=''/> for one. So it is not asked again.
    const bool was_there = !there.empty() && schema_.refusal(there) == fault;
    return {was_there ? virt::Validation::none : virt::Validation::schema, {}};
  }
  const auto rest = virt::domain_xml(without_newer(ours.domain));
  if (rest == ours.xml || schema_.refusal(rest)) {
    throw Error(Fault::refused, "the configuration of VM " + quote(vm.name.str()) +
                                    " is none that libvirt takes: " + *why +
                                    culprit(schema_, ours.domain));
  }
  return {virt::Validation::schema,
          "VM " + quote(vm.name.str()) +
              ": the libvirt here is too old to check all of it; that of " + vm.container.str() +
              " will"};
}

}  // namespace cluster::frontend
