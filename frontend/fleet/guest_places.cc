#include "frontend/fleet/guest_places.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "frontend/vms/vm_definition.h"
#include "frontend/vms/vm_plan.h"
#include "virt/domain_reading.h"

namespace cluster::frontend {
namespace {

// What a define of the VM would bring, without asking the gates and libvirt's schema.
std::string document_of(const VmDefinitions& definitions, const Vm& vm, const VmAgreement* agreed) {
  const auto version =
      agreed == nullptr ? std::nullopt : std::optional(static_cast<int>(agreed->libvirt));
  return agreed_document(vm, definitions.rendering(vm, version).xml, agreed);
}

}  // namespace

GuestPlaces guest_places(Inventory& inventory, const std::vector<Vm>& vms,
                         std::vector<std::string>& notes) {
  std::vector<Vm> holders;
  std::ranges::copy_if(vms, std::back_inserter(holders),
                       [](const Vm& vm) { return !vm.gpus.empty() || !vm.slices.empty(); });
  GuestPlaces places;
  if (holders.empty()) return places;
  try {
    const VmDefinitions definitions(inventory, holders);
    const auto agreements = inventory.vm_agreements(vm_names(holders));
    for (const auto& vm : holders) {
      try {
        const auto document = document_of(definitions, vm, agreement_of(agreements, vm));
        places.emplace(vm.name, virt::guest_addresses(document));
      } catch (const Error& error) {
        notes.emplace_back(error.what());
      }
    }
  } catch (const Error& error) {  // of a roll
    notes.push_back("addresses in VMs are not known: " + std::string(error.what()));
  }
  return places;
}

}  // namespace cluster::frontend
