#include "frontend/cards/allocation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/natural_key.h"
#include "core/text.h"
#include "frontend/cards/card_state.h"

namespace cluster::frontend {
namespace {

bool is_of_model(std::string_view model, const CardWish& wish) {
  return wish.model.empty() || lower(model).find(lower(wish.model)) != std::string::npos;
}

std::vector<FreeCard> fitting(const CardHost& container, const CardWish& wish) {
  std::vector<FreeCard> cards;
  for (const auto& card : container.free) {
    if (!card.is_gpu && !wish.any_device) continue;
    if (is_of_model(card.model, wish)) cards.push_back(card);
  }
  return cards;
}

// Which of two hosts is better: the lower one.
using Rank = std::pair<bool, long long>;

Rank rank_of(bool one_node, long long free, Policy policy) {
  return {!one_node, policy == Policy::pack ? free : -free};
}

// The cards that one host could give.
struct Offer {
  std::vector<GpuName> cards;
  bool one_node = false;
  std::size_t free = 0;  // fitting cards before the choice
};

// Takes the node that has just enough cards, so that larger nodes stay whole. If no node has
// enough, takes the first cards.
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
    auto left_out = container.kept;
    for (const auto& card : container.free) {
      if (!card.is_gpu && !wish.any_device) left_out.push_back(card.name.str() + " is no GPU");
    }
    if (!left_out.empty()) reason += " (" + joined(left_out, ", ") + ")";
    reasons.push_back(reason);
  }
  throw Error(Fault::refused,
              "no host has " + counted(wish.cards, wish.model) + " free: " +
                  (reasons.empty() ? "there is no vm-container" : joined(reasons, "; ")));
}

// Returns the reason why the card should stay where it is, "is in rocks-33"; "" when it can be
// given.
std::string kept(const Host& host, const GpuCard& card, const std::string& holder,
                 const HostDevices& devices) {
  if (!holder.empty()) return "is in " + holder;
  switch (card_state(host, card, devices)) {
    case CardState::missing:
      return "is missing";
    case CardState::in_domain:
      return "is in " +
             quote(std::ranges::find(devices.elsewhere, card.name, &CardElsewhere::gpu)->domain) +
             " of libvirt there";
    case CardState::in_slices:
      return "is in slices";
    case CardState::failing:
      return "fails " + (host.failing ? *host.failing : *card.failing);
    case CardState::maintenance:
      return "is in maintenance" + (host.maintenance->empty() ? "" : ": " + *host.maintenance);
    case CardState::host:  // a host of another kind was named by the operator
      return card.wish == GpuWish::host ? "is to stay with its host" : "";
    case CardState::in_vm:  // it has a holder
    case CardState::free:
      break;
  }
  return "";
}

}  // namespace

Policy parse_policy(const std::string& text) {
  if (text == "pack") return Policy::pack;
  if (text == "spread") return Policy::spread;
  throw Error(Fault::usage, "want pack or spread");
}

CardHost free_host(Inventory& inventory, const HostName& host) {
  CardHost container{host, {}, {}};
  for (auto& card : inventory.free_gpus(host)) {
    container.free.push_back({card.name, std::move(card.model), card.numa_node, true});
  }
  return container;
}

std::optional<HostName> find_container(Inventory& inventory, const CardWish& wish, Policy policy) {
  struct Seen {
    std::string host;
    int free = 0;
    std::map<int, int> nodes;
  };
  Seen seen;
  std::optional<std::pair<Rank, std::string>> best;
  const auto judge = [&] {
    if (seen.free < wish.cards) return;
    const bool one_node = wish.cards <= 1 || std::ranges::any_of(seen.nodes, [&](const auto& node) {
                            return node.second >= wish.cards;
                          });
    const auto rank = rank_of(one_node, seen.free, policy);
    if (best &&
        (rank > best->first || (rank == best->first && !natural_less(seen.host, best->second)))) {
      return;
    }
    best.emplace(rank, seen.host);
  };
  inventory.each_free_count([&](const FreeCount& count) {
    if (count.host != seen.host) {
      judge();
      seen = {std::string(count.host), 0, {}};
    }
    if (!is_of_model(count.model, wish)) return;
    seen.free += count.cards;
    if (count.numa_node) seen.nodes[*count.numa_node] += count.cards;
  });
  judge();
  return best ? std::optional(HostName(best->second)) : std::nullopt;
}

std::vector<CardHost> card_hosts(Inventory& inventory, const std::string& only) {
  auto hosts = only.empty() ? inventory.hosts() : inventory.hosts(OnlyHosts{{HostName(only)}});
  if (only.empty()) {
    std::erase_if(hosts, [](const Host& host) { return host.appliance != "vm-container"; });
  }
  std::vector<HostName> names;
  for (const auto& host : hosts) names.push_back(host.name);
  const auto devices = inventory.devices(names);
  std::vector<CardHost> containers;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    std::map<int, std::string> holders;  // by the number of the card
    for (const auto& held : devices[i].held) {
      if (held.gpu) holders.emplace(held.gpu->number(), held.vm.str());
    }
    CardHost container{hosts[i].name, {}, {}};
    for (const auto& card : devices[i].cards) {
      const auto why = kept(hosts[i], card, holders[card.name.number()], devices[i]);
      if (!why.empty()) {
        container.kept.push_back(card.name.str() + " " + why);
      } else {
        const auto ids =
            card.functions.empty() ? "" : card.functions[0].vendor + ":" + card.functions[0].device;
        const auto kind = kind_of(card);
        container.free.push_back({card.name, card.model.value_or("") + " " + ids, card.numa_node,
                                  kind == DeviceKind::gpu || kind == DeviceKind::unknown});
      }
    }
    containers.push_back(std::move(container));
  }
  return containers;
}

std::optional<Allocation> find_allocation(const std::vector<CardHost>& containers,
                                          const CardWish& wish, Policy policy) {
  const CardHost* chosen = nullptr;
  std::optional<Offer> best;
  const auto rank = [policy](const Offer& offer) {
    return rank_of(offer.one_node, static_cast<long long>(offer.free), policy);
  };
  for (const auto& container : containers) {
    auto offer = offer_of(container, wish);
    if (!offer || (best && rank(*best) <= rank(*offer))) continue;
    chosen = &container;
    best = std::move(offer);
  }
  if (chosen == nullptr) return std::nullopt;
  return Allocation{chosen->name, best->cards};
}

Allocation allocate(const std::vector<CardHost>& containers, const CardWish& wish, Policy policy) {
  if (auto found = find_allocation(containers, wish, policy)) return *std::move(found);
  refuse(containers, wish);
}

}  // namespace cluster::frontend
