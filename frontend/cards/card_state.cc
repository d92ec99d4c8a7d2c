#include "frontend/cards/card_state.h"

#include <algorithm>

#include "frontend/cards/card_truth.h"

namespace cluster::frontend {
namespace {

bool is_in_slices(const GpuCard& card, const HostDevices& devices) {
  const auto name = card.name.str();
  const auto is_on_it = [&](const Mdev& mdev) {
    return mdev.parent == name || mdev.parent.starts_with(name + ".");
  };
  const auto is_of_it = [&](const HeldDevice& held) { return held.gpu == card.name; };
  return !card.slices.empty() || std::ranges::any_of(devices.mdevs, is_on_it) ||
         std::ranges::any_of(devices.held, is_of_it);
}

}  // namespace

std::string_view name(CardState state) {
  switch (state) {
    case CardState::missing:
      return "missing";
    case CardState::in_vm:
      return "in-vm";
    case CardState::in_domain:
      return "in-domain";
    case CardState::in_slices:
      return "in-slices";
    case CardState::failing:
      return "failing";
    case CardState::maintenance:
      return "maintenance";
    case CardState::host:
      return "host";
    case CardState::free:
      return "free";
  }
  return "";
}

CardState card_state(const Host& host, const GpuCard& card, const HostDevices& devices) {
  if (card.missing) return CardState::missing;
  if (holder_of(card.name, devices.held)) return CardState::in_vm;
  if (std::ranges::find(devices.elsewhere, card.name, &CardElsewhere::gpu) !=
      devices.elsewhere.end()) {
    return CardState::in_domain;
  }
  if (is_in_slices(card, devices)) return CardState::in_slices;
  return state_of_nobodys(host, &card);
}

CardState state_of_nobodys(const Host& host, const GpuCard* card) {
  if (host.failing || (card != nullptr && card->failing)) return CardState::failing;
  if (host.maintenance) return CardState::maintenance;
  const bool stays = card != nullptr && card->wish == GpuWish::host;
  return stays || host.appliance != "vm-container" ? CardState::host : CardState::free;
}

}  // namespace cluster::frontend
