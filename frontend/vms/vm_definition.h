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

  /// A document of libvirt's schema.
  struct Document {
    std::string xml;                    ///< the text that `report vm config` prints
    std::vector<std::string> warnings;  ///< things that may not work so, one line each
    std::vector<std::string> notes;     ///< what was not checked here, one line each
    /// The check that libvirt on the container has to make. It is the schema there, when the
    /// document has elements that are newer than the schema here.
    virt::Validation check = virt::Validation::none;
    /// The id of the gate and the reason why a VM that is nothing else could not work so.
    std::optional<Error> refusal{};
  };

  /// The libvirt document of `vm`. `libvirt_version` is the version on its container, 9000000 for
  /// 9.0.0, where it is known. Throws as spec() does, and Error(refused) when libvirt would not
  /// take it.
  Document document(const Vm& vm, std::optional<int> libvirt_version = {}) const;

  /// The same text, whatever becomes of it. Throws as spec() does.
  std::string rendering(const Vm& vm, std::optional<int> libvirt_version) const;

  /// The warnings of the gates about `document`, which is to become the configuration of `vm`,
  /// whoever wrote it. Throws Error(refused) with the id of the gate when it could not work so.
  std::vector<std::string> judge(const Vm& vm, const std::string& document,
                                 std::optional<int> libvirt_version) const;

  /// The check that libvirt on the container has to make of `xml`, which may have elements that are
  /// newer than the schema here.
  virt::Validation check_of(const std::string& xml) const;

 private:
  virt::DomainSpec spec_without_seed(const Vm& vm, const ResolvedAttributes& resolved) const;
  std::vector<std::string> judge(const Vm& vm, const virt::DomainSpec& domain,
                                 const std::string& document,
                                 std::optional<int> libvirt_version) const;
  const GpuCard& card(const Vm& vm, const GpuName& name) const;
  virt::GateFacts facts(const Vm& vm) const;

  AttributeResolver attributes_;
  std::vector<rolls::Roll> rolls_;  // the enabled ones
  virt::DomainSchema schema_;
  std::map<HostName, std::vector<GpuCard>> cards_;  // the cards of each container
};

}  // namespace cluster::frontend
