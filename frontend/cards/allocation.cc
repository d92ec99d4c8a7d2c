#include "frontend/cards/allocation.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <tuple>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::vector<FreeCard> fitting(const CardHost& container, const CardWish& wish) {
  std::vector<FreeCard> cards;
  for (const auto& card : container.free) {
    if (lower(card.model).find(lower(wish.model)) != std::string::npos) cards.push_back(card);
  }
  return cards;
}

// What could be taken of one host.
struct Offer {
  std::vector<GpuName> cards;
  bool one_node = false;
  std::size_t free = 0;  // cards of the model, before
};

// From the node that has just enough, so that the larger ones stay whole; else whatever comes
// first.
std::optional<Offer> offer_of(const CardHost& container, const CardWish& wish) {
  const auto cards = fitting(container, wish);
  const auto wanted = static_cast<std::size_t>(wish.cards);
  if (cards.size() < wanted) return std::nullopt;
  std::map<int, std::vector<GpuName>> nodes;
  for (const auto& card : cards) {
    if (card.numa_node) nodes[*card.numa_node].push_back(card.name);
  }
  const std::vector<GpuName>* best = nullptr;
  for (const auto& [node, names] : nodes) {
    if (names.size() >= wanted && (best == nullptr || names.size() < best->size())) best = &names;
  }
  Offer offer{{}, best != nullptr || wanted <= 1, cards.size()};
  for (std::size_t i = 0; i < wanted; ++i) {
    offer.cards.push_back(best != nullptr ? (*best)[i] : cards[i].name);
  }
  return offer;
}

std::string counted(int cards, const std::string& model) {
  return std::to_string(cards) + (model.empty() ? "" : " " + quote(model)) +
         (cards == 1 ? " card" : " cards");
}

[[noreturn]] void refuse(const std::vector<CardHost>& containers, const CardWish& wish) {
  std::vector<std::string> reasons;
  for (const auto& container : containers) {
    auto reason = container.name.str() + " has " + std::to_string(fitting(container, wish).size());
    if (!container.kept.empty()) reason += " (" + joined(container.kept, ", ") + ")";
    reasons.push_back(reason);
  }
  throw Error(Fault::refused,
              "no host has " + counted(wish.cards, wish.model) + " free: " +
                  (reasons.empty() ? "there is no vm-container" : joined(reasons, "; ")));
}

// Why the card should stay where it is, "is in rocks-33"; "" when it is free.
std::string kept(const Host& host, const GpuCard& card, const std::string& holder,
                 const std::vector<Mdev>& mdevs) {
  const auto on_it = [&](const Mdev& mdev) {
    return mdev.parent == card.name.str() || mdev.parent.starts_with(card.name.str() + ".");
  };
  if (!holder.empty()) return "is in " + holder;
  if (card.missing) return "is missing";
  if (!card.slices.empty() || std::ranges::any_of(mdevs, on_it)) return "is in slices";
  if (host.failing) return "fails " + *host.failing;
  return card.failing ? "fails " + *card.failing : "";
}

}  // namespace

Policy parse_policy(const std::string& text) {
  if (text == "pack") return Policy::pack;
  if (text == "spread") return Policy::spread;
  throw Error(Fault::usage, "want pack or spread");
}

std::vector<CardHost> card_hosts(Inventory& inventory, const std::string& only) {
  std::map<HostName, std::map<int, std::string>> holders;  // by the number of the card
  for (const auto& vm : inventory.vms()) {
    for (const auto& held : vm.gpus) {
      holders[vm.container].emplace(held.gpu.number(), vm.name.str());
    }
    for (const auto& slice : vm.slices) {
      if (slice.gpu) holders[vm.container].emplace(slice.gpu->number(), vm.name.str());
    }
  }
  std::vector<CardHost> containers;
  for (const auto& host : inventory.hosts()) {
    if (only.empty() ? host.appliance != "vm-container" : host.name.str() != only) continue;
    CardHost container{host.name, {}, {}};
    const auto mdevs = inventory.mdevs(host.name);
    for (const auto& card : inventory.gpu_cards(host.name)) {
      const auto why = kept(host, card, holders[host.name][card.name.number()], mdevs);
      if (!why.empty()) {
        container.kept.push_back(card.name.str() + " " + why);
      } else {
        const auto ids =
            card.functions.empty() ? "" : card.functions[0].vendor + ":" + card.functions[0].device;
        container.free.push_back({card.name, card.model.value_or("") + " " + ids, card.numa_node});
      }
    }
    containers.push_back(std::move(container));
  }
  return containers;
}

Placement place(const std::vector<CardHost>& containers, const CardWish& wish, Policy policy) {
  const CardHost* chosen = nullptr;
  std::optional<Offer> best;
  const auto rank = [policy](const Offer& offer) {
    const auto free = static_cast<long long>(offer.free);
    return std::tuple(!offer.one_node, policy == Policy::pack ? free : -free);
  };
  for (const auto& container : containers) {
    auto offer = offer_of(container, wish);
    if (!offer || (best && rank(*best) <= rank(*offer))) continue;
    chosen = &container;
    best = std::move(offer);
  }
  if (chosen == nullptr) refuse(containers, wish);
  return {chosen->name, best->cards};
}

}  // namespace cluster::frontend
