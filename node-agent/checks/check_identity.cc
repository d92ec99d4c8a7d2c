#include "core/hex.h"
#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/state/names.h"

namespace cluster::agent {
namespace {

constexpr std::string_view kName = "gpupci --restore, as root, names the cards anew";

std::string text(const PciModel& model) { return hex4(model.vendor) + ":" + hex4(model.device); }

// A trait as it was noted and as it is now. The two do not differ when one of them is not known.
struct Trait {
  std::string_view what;
  std::optional<std::string> noted;
  std::optional<std::string> found;

  bool differs() const { return noted && found && *noted != *found; }
};

CheckAnswer is_the_named_one(const Subject& subject) {
  const auto& card = subject.card;
  if (card.slice) {
    return passed("it is slice " + std::to_string(*card.slice) + " of its card");
  }
  const auto known = Names(subject.input.names).known();
  const auto entry = known.find(card.name);
  if (entry == known.end()) {
    return unknown("it is new: there is no record of it", "gpupci -l, as root, makes one");
  }
  const auto& noted = entry->second;
  if (noted.in_doubt) {
    return warned("bus numbers have changed, and it may be another of its model",
                  "look which card it is, then gpupci -d or -a " + card.label());
  }
  const auto found = look_at(card, subject.input.sysfs, subject.input.proc);
  const Trait serial{"serial number", noted.serial.serial, found.serial.serial};
  const Trait uuid{"UUID", noted.serial.uuid, found.serial.uuid};
  const Trait subsystem{"subsystem", noted.subsystem, found.subsystem};
  for (const auto& trait : {Trait{"model", text(noted.model), text(found.model)}, subsystem, serial,
                            uuid, Trait{"class", noted.device_class, found.device_class},
                            Trait{"revision", noted.revision, found.revision}}) {
    if (!trait.differs()) continue;
    return failed("its " + std::string(trait.what) + " is " + *trait.found + ", and " +
                      card.name.str() + " was given to one with " + *trait.noted,
                  std::string(kName));
  }
  if (noted.pci != found.pci) {
    return warned("it was at " + noted.pci.sysfs() + " and is at " + found.pci.sysfs(),
                  std::string(kName) + "; then bring the inventory and the VMs up to date");
  }
  for (const auto& trait : {Trait{"slot", noted.slot, found.slot},
                            Trait{"IOMMU group", noted.iommu_group, found.iommu_group}}) {
    if (!trait.differs()) continue;
    return warned(
        "it was in " + std::string(trait.what) + " " + *trait.noted + " and is in " + *trait.found,
        std::string(kName));
  }
  if (serial.noted && !serial.found) {
    return unknown_to_others("its serial number cannot be read, it was " + *serial.noted);
  }
  if (serial.noted) return passed("it is the card that was named (" + *serial.noted + ")");
  if (uuid.noted && uuid.found) {
    return passed("it is the card that was named (" + *uuid.noted + ")");
  }
  return passed("it is of the model that was named; it has no number of its own");
}

// known.yaml has what is told here; each other check tells what is known of its subject.
CheckAnswer is_without_trouble(const Subject&) { return passed("nothing is known against it"); }

// A detach assigns the names again before it acts, so it does not mistake one card for another.
constexpr std::array kIdentityChecks{
    CardCheck{"D2", "it is the card that its name was given to, as it was then", is_the_named_one},
    CardCheck{"D24", "known troubles of its model with VMs", is_without_trouble},
};

}  // namespace

std::span<const CardCheck> identity_checks() { return kIdentityChecks; }

}  // namespace cluster::agent
