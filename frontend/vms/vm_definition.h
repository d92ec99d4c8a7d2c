#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/attribute.h"
#include "db/inventory.h"
#include "rolls/engine/roll.h"
#include "virt/domain_gates.h"
#include "virt/domain_schema.h"
#include "virt/domain_spec.h"
#include "virt/domains.h"

namespace cluster::frontend {

/// What the inventory says of VMs and of the cards that they hold, read once for rendering many.
class VmRendering {
 public:
  /// Reads what counts for `vms`, the enabled rolls and libvirt's schema; throws Error(io), and
  /// Error(refused) when a roll was changed.
  VmRendering(Inventory& inventory, const std::vector<Vm>& vms);

  /// What counts for `vm`: global < appliance < container < VM.
  ResolvedAttributes attributes(const Vm& vm) const;

  /// All that the configuration of `vm` is made of. Throws Error(refused) on an attribute that
  /// makes no sense for it, and when a card or slice that it holds is missing.
  virt::DomainSpec spec(const Vm& vm) const;

  /// Whether `vm` is to start with its container.
  bool autostart(const Vm& vm) const;

  /// A document of libvirt's schema that passed the gates.
  struct Document {
    std::string xml;                    ///< what `report vm config` prints
    std::string definition;             ///< the same with a fingerprint, what libvirt is given
    std::vector<std::string> warnings;  ///< what may not work, one line each
    bool has_fragments = false;         ///< XML of the operator or of a roll is in it
    /// What libvirt on the container has to check: its schema, where it has elements that are newer
    /// than the one here.
    virt::Check check = virt::Check::none;
  };

  /// The libvirt document of `vm`; `libvirt_version` is that of its container, 9000000 for 9.0.0,
  /// where it is known. Throws as spec() does, and Error(refused) with the id of the gate when the
  /// VM could not work so, or libvirt would not take it.
  Document document(const Vm& vm, std::optional<int> libvirt_version = {}) const;

 private:
  const GpuCard& card(const Vm& vm, const GpuName& name) const;
  virt::GateFacts facts(const Vm& vm) const;

  AttributeResolver attributes_;
  std::vector<rolls::Roll> rolls_;  // that are enabled
  virt::DomainSchema schema_;
  std::map<HostName, std::vector<GpuCard>> cards_;  // of each container
};

}  // namespace cluster::frontend
