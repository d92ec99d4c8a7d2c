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

  /// The disks and network cards of each function. The first call looks for them.
  const std::vector<DeviceTree>& trees() const {
    if (!trees_) {
      trees_.emplace();
      for (const auto& one : card.functions) {
        trees_->push_back(device_tree(input.sysfs, one.pci));
      }
    }
    return *trees_;
  }

 private:
  mutable std::optional<std::vector<DeviceTree>> trees_;
  mutable std::optional<CardUsers> users_;
};

}  // namespace cluster::agent
