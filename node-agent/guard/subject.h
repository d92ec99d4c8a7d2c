#pragma once

#include <optional>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/guard/card_users.h"
#include "node-agent/guard/guard_input.h"
#include "node-agent/kernel/device_tree.h"

namespace cluster::agent {

/// The card that guards and checks are asked about. The objects that it refers to must outlive it.
class Subject {
 public:
  /// `all` are the cards that the same call detaches or checks; `of` is among them.
  Subject(const Card& of, const std::vector<Card>& all, const GuardInput& seen)
      : card(of), same_call(all), input(seen) {}

  const Card& card;
  const std::vector<Card>& same_call;
  const GuardInput& input;

  /// The processes that use the card. The first call looks at all processes once. Throws Error(io)
  /// when /proc cannot be read.
  const CardUsers& users() const {
    if (!users_) users_ = card_users(card, input);
    return *users_;
  }

  /// The functions that the host loses together: those of the card, then the others in its IOMMU
  /// groups, without bridges, as they go to a VM together; then the virtual functions of the card,
  /// which end with its driver.
  const std::vector<PciFunction>& members() const {
    if (!members_) members_ = group_of(*this);
    return *members_;
  }

  /// The disks and network cards of each of members(). The first call looks for them.
  const std::vector<DeviceTree>& trees() const {
    if (!trees_) {
      trees_.emplace();
      for (const auto& one : members()) {
        trees_->push_back(device_tree(input.sysfs, one.pci));
      }
    }
    return *trees_;
  }

 private:
  static std::vector<PciFunction> group_of(const Subject& subject);

  mutable std::optional<std::vector<PciFunction>> members_;
  mutable std::optional<std::vector<DeviceTree>> trees_;
  mutable std::optional<CardUsers> users_;
};

}  // namespace cluster::agent
