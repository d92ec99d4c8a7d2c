#include "node-agent/checks/checks.h"
#include "node-agent/state/names.h"

namespace cluster::agent {
namespace {

constexpr std::string_view kName = "gpupci --restore, as root, names the cards anew";

std::string text(const PciModel& model) { return hex4(model.vendor) + ":" + hex4(model.device); }

// What was noted and what is there; what is not known on one side is no difference.
struct Trait {
  std::string_view what;
  std::optional<std::string> noted;
  std::optional<std::string> found;

  bool differs() const { return noted && found && *noted != *found; }
};

}  // namespace

Finding is_the_named_one(const Subject& subject) {
  const auto& card = subject.card;
  if (card.slice) {
    return {Verdict::pass, "it is slice " + std::to_string(*card.slice) + " of its card"};
  }
  const auto known = Names(subject.input.names).known();
  const auto entry = known.find(card.name);
  if (entry == known.end()) {
    return {Verdict::unknown, "it is new: there is no record of it",
            "gpupci -l, as root, makes one"};
  }
  const auto& noted = entry->second;
  const auto found = look_at(card, subject.input.sysfs, subject.input.proc);
  const Trait serial{"serial number", noted.serial.serial, found.serial.serial};
  const Trait uuid{"UUID", noted.serial.uuid, found.serial.uuid};
  const Trait subsystem{"subsystem", noted.subsystem, found.subsystem};
  for (const auto& trait : {Trait{"model", text(noted.model), text(found.model)}, subsystem, serial,
                            uuid, Trait{"class", noted.device_class, found.device_class},
                            Trait{"revision", noted.revision, found.revision}}) {
    if (!trait.differs()) continue;
    return {Verdict::fail,
            "its " + std::string(trait.what) + " is " + *trait.found + ", and " + card.name.str() +
                " was given to one with " + *trait.noted,
            std::string(kName)};
  }
  if (noted.pci != found.pci) {
    return {Verdict::warn, "it was at " + noted.pci.sysfs() + " and is at " + found.pci.sysfs(),
            std::string(kName) + "; then bring the inventory and the VMs up to date"};
  }
  for (const auto& trait : {Trait{"slot", noted.slot, found.slot},
                            Trait{"IOMMU group", noted.iommu_group, found.iommu_group}}) {
    if (!trait.differs()) continue;
    return {
        Verdict::warn,
        "it was in " + std::string(trait.what) + " " + *trait.noted + " and is in " + *trait.found,
        std::string(kName)};
  }
  if (serial.noted && !serial.found) {
    return {Verdict::unknown, "its serial number cannot be read, it was " + *serial.noted,
            "run gpupci as root"};
  }
  if (serial.noted) return {Verdict::pass, "it is the card that was named (" + *serial.noted + ")"};
  if (uuid.noted && uuid.found) {
    return {Verdict::pass, "it is the card that was named (" + *uuid.noted + ")"};
  }
  return {Verdict::pass, "it is of the model that was named; it has no number of its own"};
}

}  // namespace cluster::agent
