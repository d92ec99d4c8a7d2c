#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "node-agent/kernel/sysfs.h"
#include "node-agent/settings.h"

namespace cluster::agent {

/// A function in the slot of a card that stays with the host.
struct LeftOut {
  PciFunction function;
  std::string why;  ///< "it is of another vendor (1022)"
};

/// A GPU, or another device that the settings name, with the functions of its PCI slot that belong
/// to it (belonging.h). They are detached and attached together. A slice of a card is a virtual
/// function; it is a card of one function with the name of the card that it belongs to.
struct Card {
  GpuName name;
  std::vector<PciFunction> functions;  ///< one to eight, by address; never empty
  std::optional<int> slice{};          ///< the number of a slice; nothing for the card itself
  std::vector<LeftOut> left_out{};     ///< the other functions of the slot, by address

  const PciAddress& pci() const { return functions.front().pci; }  ///< of its first function

  /// "gpupci1", or "gpupci1.0" of a slice.
  std::string label() const;
};

/// The word for a function in gpupci's sentences and JSON, by its class: video (03xx), audio
/// (0403), usb (0c03), serial (0700, 0c80: the USB-C controller of RTX cards), else function.
std::string_view kind(const PciFunction& function);

/// True if a stub driver holds the function for VMs.
bool is_detached(const PciFunction& function, const Settings& settings);

/// The IOMMU groups of the card's functions; none where the IOMMU is off.
std::set<int> iommu_groups(const Card& card);

/// True if the function belongs to the card.
bool has(const Card& card, const PciAddress& pci);

/// The cards of the host, named gpupci1, gpupci2, ... in the order of their addresses. A slot has a
/// card when one of its functions has one of the classes and one of the vendors, or is one of the
/// devices that the settings name. It has none when that one is to be ignored, is a bridge, or is
/// the display of a management controller and not named. Virtual functions make no card; they are
/// slices of one. A function that cannot be read, or a bridge that the settings name, is left out;
/// `troubles` get a sentence for each. Throws Error(io) when sysfs itself cannot be read.
std::vector<Card> find_cards(const Sysfs& sysfs, const Settings& settings,
                             std::vector<std::string>& troubles);

/// The same for callers that tell nobody of troubles.
std::vector<Card> find_cards(const Sysfs& sysfs, const Settings& settings);

}  // namespace cluster::agent
