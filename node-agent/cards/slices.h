#pragma once

#include <optional>
#include <vector>

#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// SR-IOV of a card. It belongs to the first function of the card that has SR-IOV
/// (Documentation/ABI/testing/sysfs-bus-pci, sriov_totalvfs and virtfnN). Its virtual functions are
/// counted by their links: who reads sriov_numvfs waits for the lock of the device, which a driver
/// that hangs never gives back (drivers/pci/iov.c).
struct Sriov {
  PciAddress pci;       ///< the physical function
  long long total = 0;  ///< the most virtual functions that it can have
  long long vfs = 0;    ///< the number that it has
};

/// Returns nothing when the card has no SR-IOV.
std::optional<Sriov> read_sriov(const Card& card, const Sysfs& sysfs);

/// The virtual functions of a card in the order of their numbers (virtfn0, virtfn1, ...), each as a
/// card of one function.
std::vector<Card> slices_of(const Card& card, const Sysfs& sysfs);

/// Adds the slices of each card after that card.
void add_slices(std::vector<Card>& cards, const Sysfs& sysfs);

}  // namespace cluster::agent
