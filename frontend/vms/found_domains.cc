#include <algorithm>

#include "core/text.h"
#include "frontend/vms/vm_adoption.h"

namespace cluster::frontend {
namespace {

std::vector<std::string> card_names(const VmHost& there, const virt::Domain& domain,
                                    const HostDevices& devices) {
  std::vector<std::string> names;
  const auto found = std::ranges::find(there.devices, domain.uuid, &DomainDevices::uuid);
  if (found == there.devices.end()) return names;
  for (const auto& device : found->devices) {
    const auto known =
        is_uuid(device) ? std::nullopt : name_of_card(devices.cards, PciAddress::parse(device));
    const auto& name = known ? *known : device;
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::ranges::sort(names, natural_less);
  return names;
}

void relate(const VmHost& there, const std::vector<Vm>& vms, FoundDomain& found) {
  const auto& domain = *found.domain;
  const auto& host = there.host.name;
  const auto by_uuid = std::ranges::find(vms, domain.uuid, &Vm::uuid);
  if (by_uuid != vms.end()) {
    found.vm = by_uuid->name;
    found.relation = by_uuid->container == host ? Relation::ours : Relation::known;
    if (found.relation == Relation::known) {
      found.details = "the inventory has it on " + by_uuid->container.str();
    }
    return;
  }
  const auto by_name = std::ranges::find_if(vms, [&](const Vm& vm) {
    return vm.name.str() == domain.name || (vm.container == host && vm.domain() == domain.name);
  });
  if (by_name == vms.end()) return;
  found.vm = by_name->name;
  found.relation = Relation::known;
  found.details = "the inventory's " + by_name->name.str() + " is another VM, on " +
                  by_name->container.str() + ", with uuid " + by_name->uuid;
}

}  // namespace

bool has_function(const GpuCard& card, const PciAddress& pci) {
  if (card.functions.empty()) return card.pci.same_slot(pci);
  return std::ranges::find(card.functions, pci, &GpuFunction::pci) != card.functions.end();
}

std::optional<std::string> name_of_card(const std::vector<GpuCard>& cards, const PciAddress& pci) {
  for (const auto& card : cards) {
    const auto slice = std::ranges::find(card.slices, pci, &GpuSlice::pci);
    if (slice != card.slices.end()) return card.name.str() + "." + std::to_string(slice->number);
  }
  for (const auto& card : cards) {
    if (has_function(card, pci)) return card.name.str();
  }
  return {};
}

std::string_view name(Relation relation) {
  switch (relation) {
    case Relation::ours:
      return "ours";
    case Relation::known:
      return "known";
    case Relation::stranger:
      break;
  }
  return "stranger";
}

std::vector<FoundDomain> found_domains(const VmHost& there, const std::vector<Vm>& vms,
                                       const HostDevices& devices) {
  std::vector<FoundDomain> all;
  for (const auto& domain : there.found) {
    auto& found = all.emplace_back(FoundDomain{&domain});
    relate(there, vms, found);
    found.cards = card_names(there, domain, devices);
  }
  return all;
}

}  // namespace cluster::frontend
