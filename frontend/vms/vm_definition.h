#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "db/attribute.h"
#include "db/inventory.h"
#include "frontend/vms/vm_batch.h"
#include "rolls/engine/roll.h"
#include "virt/domain_gates.h"
#include "virt/domain_schema.h"
#include "virt/domain_spec.h"
#include "virt/domains.h"

namespace cluster::frontend {

/// The facts of the inventory about VMs and the cards that they hold. They are read once, to render
/// many VMs.
class VmDefinitions {
 public:
  /// Reads the attributes that count for `vms`, the enabled rolls and libvirt's schema. Throws
  /// Error(io), and Error(refused) when a roll was changed.
  VmDefinitions(Inventory& inventory, const std::vector<Vm>& vms);

  /// The attributes that count for `vm`: global < appliance < container < VM.
  ResolvedAttributes attributes(const Vm& vm) const;

  /// Everything that makes up the configuration of `vm`. Throws Error(refused) on an attribute that
  /// makes no sense for it, and when a card or slice that it holds is missing.
  virt::DomainSpec spec(const Vm& vm) const;

  /// What cloud-init in `vm` is told; nothing when it is told nothing. Throws as spec() does.
  std::optional<Seed> seed(const Vm& vm) const;

  /// True if `vm` is to start with its container.
  bool autostart(const Vm& vm) const;

  /// What the inventory says of a VM.
  struct Rendering {
    virt::DomainSpec domain;
    std::string xml;  ///< what `report vm config` prints of a VM that is defined nowhere
  };

  /// What the inventory says of `vm`. `libvirt_version` is the version on its container, 9000000
  /// for 9.0.0, where it is known. Throws as spec() does, and Error(refused) when its XML cannot be
  /// made.
  Rendering rendering(const Vm& vm, std::optional<int> libvirt_version) const;

  /// The warnings of the gates about `document`, which is to become the configuration of `vm`,
  /// whoever wrote it. Throws Error(refused) with the id of the gate when it could not work so.
  /// What is so in `there` already, the document that libvirt has, is a warning, unless `ours`
  /// alone makes it so; "" = libvirt has none.
  std::vector<std::string> judge(const Vm& vm, const Rendering& ours, const std::string& document,
                                 const std::string& there,
                                 std::optional<int> libvirt_version) const;

  /// The check that libvirt on the container has to make of a document: that by the schema there,
  /// when the document has elements that are newer than the schema here.
  struct Check {
    virt::Validation by = virt::Validation::none;
    std::optional<std::string> note;  ///< what was not checked here, one line
  };

  /// Checks `document`, which was made of `ours` and of `there`, a document that libvirt has, with
  /// libvirt's schema; "" = it was made of `ours` alone. Throws Error(refused) when what the
  /// inventory says is nothing that libvirt takes.
  Check check(const Vm& vm, const Rendering& ours, const std::string& document,
              const std::string& there) const;

 private:
  virt::DomainSpec spec_without_seed(const Vm& vm, const ResolvedAttributes& resolved) const;
  const GpuCard& card(const Vm& vm, const GpuName& name) const;
  virt::GateFacts facts(const Vm& vm) const;

  AttributeResolver attributes_;
  std::vector<rolls::Roll> rolls_;  // the enabled ones
  virt::DomainSchema schema_;
  std::map<HostName, std::vector<GpuCard>> cards_;  // the cards of each container
};

}  // namespace cluster::frontend
