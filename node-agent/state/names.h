#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/cards/identity.h"
#include "node-agent/state/state_file.h"

namespace cluster::agent {

/// A card as it was seen last.
struct KnownCard {
  PciAddress pci;                        ///< of its first function
  PciModel model;                        ///< of its first function
  std::optional<std::string> subsystem;  ///< "1458:37c4"
  Serial serial;
  bool missing = false;  ///< already then: another card may have its place since

  // The facts that do not tell whether it is the same card, but tell what has changed about it.
  // They are of the first function too.
  std::optional<std::string> device_class{};  ///< "0300"
  std::optional<std::string> revision{};      ///< "a1"
  std::optional<std::string> slot{};          ///< "4", printed on the board
  std::optional<std::string> iommu_group{};   ///< "13"

  /// All functions of its slot, "0:10de:1e07 1:10de:10f7", whether or not they are the card's.
  std::optional<std::string> functions{};

  /// True when nothing told it from others of its model when bus numbers changed: it may be another
  /// card than the one that was named. It stays so until the operator acts on the card.
  bool in_doubt = false;

  bool operator==(const KnownCard& other) const;
};

/// The facts that are kept about `card`, as it is now, without its name.
KnownCard look_at(const Card& card, const Sysfs& sysfs, const std::filesystem::path& proc);

/// The record of names: which card has which name, for good. The rules by which a card is
/// recognised are in name_pinning.cc, and only there: a card keeps its name when others come and
/// go, when it comes back, and when it moves to another address. A name is never given to another
/// card. The record is one file:
///   {"version": 1, "boot": "6c0f...", "cards": {"gpupci1": {"pci": "0000:02:00.0",
///    "model": "10de:1c03", "subsystem": "1458:37c4", "serial": null, "uuid": null,
///    "missing": false, "class": "0300", "revision": "a1", "slot": "4", "iommu_group": "13",
///    "functions": "0:10de:1e07 1:10de:10f7"}}}
/// and every change replaces it whole. A caller that saves it holds the lock (lock.h). A caller
/// that only reads names needs neither the lock nor a file that can be written.
class Names {
 public:
  /// Looks at a card as closely as is possible here.
  using Look = std::function<KnownCard(const Card& card)>;

  /// Reads `file`; a missing one is empty. Throws Error(io) when it is not such a file.
  explicit Names(std::filesystem::path file);

  /// Names the cards, and sorts them by name. A card is recognised by its serial number or UUID;
  /// else by its address, model and subsystem; else, when just one card of a model is missing and
  /// just one is new, they are the same. The others are new, and get the next numbers by address.
  /// The settings may no longer count a card that is on the host; it is not among `cards` then.
  /// `is_there` is true for such a card, and the card is not missing.
  ///
  /// A card without a number of its own is recognised by its physical slot first, where the
  /// firmware names slots: it keeps its slot when bus numbers change. Where neither tells cards of
  /// one model apart and one of them is at a new address, or where the functions or the slot of a
  /// card speak against its name, the card is `in_doubt`.
  ///
  /// Within one boot a card that is at its address is not looked at again unless `closely` is true:
  /// cards are swapped only while the host is off.
  void give(std::vector<Card>& cards, const std::string& boot, bool closely, const Look& look,
            const std::function<bool(const KnownCard&)>& is_there);

  /// The cards that had a name when give() was called and are not on the host.
  const std::map<GpuName, KnownCard>& missing() const { return missing_; }

  /// All cards that have a name, as the file has them, or as give() saw them since.
  const std::map<GpuName, KnownCard>& known() const { return known_; }

  /// Notes that the operator is sure about a card.
  void settle(const GpuName& card);

  /// True if the file differs from what give() found.
  bool changed() const { return changed_; }

  /// Throws Error(io).
  void save();

 private:
  StateFile file_;
  std::string boot_;
  std::map<GpuName, KnownCard> known_;
  std::map<GpuName, KnownCard> missing_;
  bool changed_ = false;
};

}  // namespace cluster::agent
