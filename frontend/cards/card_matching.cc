#include "frontend/cards/card_matching.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

template <typename Value>
bool equal_and_known(const std::optional<Value>& left, const std::optional<Value>& right) {
  return left && right && *left == *right;
}

template <typename Value>
bool contradict(const std::optional<Value>& left, const std::optional<Value>& right) {
  return left && right && *left != *right;
}

bool same_identity(const GpuCard& left, const GpuCard& right) {
  return equal_and_known(left.serial, right.serial) || equal_and_known(left.uuid, right.uuid);
}

// Returns vendor and device of the first function, "10de:1c03"; nothing for a card that was only
// typed.
std::optional<std::string> id_of(const GpuCard& card) {
  if (card.functions.empty()) return std::nullopt;
  return card.functions.front().vendor + ":" + card.functions.front().device;
}

bool may_be_same(const GpuCard& left, const GpuCard& right) {
  return !contradict(left.serial, right.serial) && !contradict(left.uuid, right.uuid) &&
         !contradict(id_of(left), id_of(right));
}

// Returns the sum of the BARs of all functions; nothing when the BARs of no function are known.
std::optional<long long> bar_mib_of(const GpuCard& card) {
  std::optional<long long> mib;
  for (const auto& function : card.functions) {
    if (function.bar_mib) mib = mib.value_or(0) + *function.bar_mib;
  }
  return mib;
}

// True if both cards have the same functions, whatever the size of their BARs and their groups.
bool same_functions(const GpuCard& left, const GpuCard& right) {
  return std::ranges::equal(left.functions, right.functions, [](GpuFunction a, GpuFunction b) {
    a.bar_mib = b.bar_mib = {};
    a.bars = b.bars = {};
    a.iommu_group = b.iommu_group = {};
    return a == b;
  });
}

// Returns the names of the facts that changed, for a card that is still the same.
std::string differences(const GpuCard& old_card, const GpuCard& now) {
  std::vector<std::string> words;
  if (old_card.model != now.model) words.emplace_back("model");
  if (old_card.serial != now.serial) words.emplace_back("serial");
  if (old_card.uuid != now.uuid) words.emplace_back("uuid");
  if (old_card.physical_slot != now.physical_slot) words.emplace_back("slot");
  if (old_card.numa_node != now.numa_node) words.emplace_back("NUMA node");
  if (!same_functions(old_card, now)) {
    words.push_back(old_card.functions.size() == now.functions.size()
                        ? "functions"
                        : std::to_string(now.functions.size()) + " functions, had " +
                              std::to_string(old_card.functions.size()));
  } else if (!std::ranges::equal(old_card.functions, now.functions, {}, &GpuFunction::iommu_group,
                                 &GpuFunction::iommu_group)) {
    words.emplace_back("IOMMU group");
  }
  if (const auto mib = bar_mib_of(now); mib && bar_mib_of(old_card) != mib) {
    const auto before = bar_mib_of(old_card);
    words.push_back("BARs " + std::to_string(*mib) + " MiB" +
                    (before ? ", had " + std::to_string(*before) : ""));
  }
  if (old_card.slices.size() != now.slices.size()) {
    words.push_back(std::to_string(now.slices.size()) + " slices, had " +
                    std::to_string(old_card.slices.size()));
  } else if (old_card.slices != now.slices) {
    words.emplace_back("slices");
  }
  return joined(words, ", ");
}

bool has_slice(const GpuCard& card, int number) {
  return std::ranges::find(card.slices, number, &GpuSlice::number) != card.slices.end();
}

// Describes a card that is seen for the first time.
std::string description(const GpuCard& card) {
  std::vector<std::string> words;
  if (const auto id = id_of(card)) words.push_back(*id);
  if (card.model) words.push_back(*card.model);
  words.push_back(std::to_string(card.functions.size()) +
                  (card.functions.size() == 1 ? " function" : " functions"));
  if (!card.slices.empty()) {
    words.push_back(std::to_string(card.slices.size()) +
                    (card.slices.size() == 1 ? " slice" : " slices"));
  }
  return joined(words, ", ");
}

// An answer does not erase what was known before: an agent without root cannot read a serial.
template <typename Value>
void keep(std::optional<Value>& now, const std::optional<Value>& before) {
  if (!now) now = before;
}

class Reconciliation {
 public:
  Reconciliation(const std::vector<GpuCard>& have, const std::vector<GpuCard>& seen,
                 const Held& held)
      : have_(have), held_(held), taken_(have.size(), false) {
    std::ranges::copy_if(seen, std::back_inserter(seen_),
                         [](const GpuCard& card) { return !card.missing; });
  }

  CardMatching run() {
    std::vector<const GpuCard*> same(seen_.size(), nullptr);
    // The surest sign is tried first on all cards, so that a weaker sign cannot take what belongs
    // to another card.
    match(same, same_identity);
    match(same, [](const GpuCard& old_card, const GpuCard& now) {
      return old_card.pci.same_slot(now.pci) && may_be_same(old_card, now);
    });
    match(same, [this](const GpuCard& old_card, const GpuCard& now) {
      return old_card.name == now.name && old_card.functions.empty() && !is_held(old_card.name) &&
             !is_seen_at(old_card.pci);
    });
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (same[i] != nullptr) {
        take_over(*same[i], seen_[i]);
      } else {
        add(seen_[i]);
      }
    }
    for (std::size_t i = 0; i < have_.size(); ++i) {
      if (!taken_[i]) leave(have_[i]);
    }
    std::ranges::sort(result_.plan.cards, {}, &GpuCard::name);
    std::ranges::stable_sort(result_.changes, {}, &CardChange::name);
    return std::move(result_);
  }

 private:
  template <typename Same>
  void match(std::vector<const GpuCard*>& same, Same is_same) {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      for (std::size_t j = 0; j < have_.size() && same[i] == nullptr; ++j) {
        if (taken_[j] || !is_same(have_[j], seen_[i])) continue;
        same[i] = &have_[j];
        taken_[j] = true;
      }
    }
  }

  bool is_held(const GpuName& name) const {
    return std::ranges::find(held_.cards, name) != held_.cards.end();
  }

  bool is_seen_at(const PciAddress& pci) const {
    return std::ranges::any_of(seen_, [&](const GpuCard& card) { return card.pci.same_slot(pci); });
  }

  void tell(const GpuCard& card, Difference change, std::string details) {
    result_.changes.push_back({card.name, card.pci, change, std::move(details)});
  }

  void take_over(const GpuCard& old_card, const GpuCard& seen) {
    auto now = with_what_is_kept(seen, old_card);
    if (old_card.missing) tell(now, Difference::back, "");
    if (old_card.name != now.name) {
      result_.plan.renamed.emplace(old_card.name, now.name);
      tell(now, Difference::renamed, "was " + old_card.name.str());
    }
    if (old_card.pci != now.pci) tell(now, Difference::moved, "was " + old_card.pci.libvirt());
    if (const auto words = differences(old_card, now); !words.empty())
      tell(now, Difference::changed, words);
    for (const auto& slice : held_.slices) {
      if (slice.number && slice.gpu == old_card.name && has_slice(old_card, *slice.number) &&
          !has_slice(now, *slice.number)) {
        tell(now, Difference::slice_gone, slice.device + ", a VM holds it");
      }
    }
    result_.plan.cards.push_back(std::move(now));
  }

  void add(const GpuCard& now) {
    tell(now, Difference::new_one, description(now));
    result_.plan.cards.push_back(now);
  }

  // A card that the host does not have stays as missing, unless another card has its name or slot
  // now.
  void leave(GpuCard card) {
    const auto in_its_place = std::ranges::find_if(result_.plan.cards, [&](const GpuCard& other) {
      return other.name == card.name || other.pci.same_slot(card.pci);
    });
    const std::string words =
        card.name.str() + " " + card.pci.libvirt() + (id_of(card) ? ", " + *id_of(card) : "");
    if (in_its_place == result_.plan.cards.end()) {
      if (!card.missing) tell(card, Difference::gone, is_held(card.name) ? "a VM holds it" : "");
      card.missing = true;
      card.slices.clear();
      result_.plan.cards.push_back(std::move(card));
    } else if (is_held(card.name)) {
      throw Error(Fault::refused, "a VM holds " + words + ", which is not there; " +
                                      in_its_place->name.str() + " " + in_its_place->pci.libvirt() +
                                      " in its place is another card: take it from the VM first");
    } else {
      tell(*in_its_place, Difference::replaced, "was " + words);
    }
  }

  const std::vector<GpuCard>& have_;
  std::vector<GpuCard> seen_;
  const Held& held_;
  std::vector<bool> taken_;  // for each card of have_: the host has it
  CardMatching result_;
};

}  // namespace

GpuCard with_what_is_kept(GpuCard seen, const GpuCard& known) {
  keep(seen.model, known.model);
  keep(seen.serial, known.serial);
  keep(seen.uuid, known.uuid);
  seen.failing = known.failing;
  seen.wish = known.wish;
  seen.told.failing_seen = known.told.failing_seen;
  if (!seen.told.driver) {
    seen.told.driver = known.told.driver;
    seen.told.driver_seen = known.told.driver_seen;
  }
  for (auto& function : seen.functions) {
    const auto same = std::ranges::find(known.functions, function.pci, &GpuFunction::pci);
    if (same == known.functions.end() || function.bar_mib) continue;
    function.bar_mib = same->bar_mib;
    function.bars = same->bars;
  }
  return seen;
}

std::string changed_facts(const GpuCard& known, const GpuCard& now) {
  const bool is_same = known.pci == now.pci && may_be_same(known, now) &&
                       same_functions(known, now) && known.slices == now.slices;
  return is_same ? differences(known, now) : "";
}

std::string_view name(Difference difference) {
  constexpr std::array kNames{"new",     "gone",     "back",    "moved",
                              "renamed", "replaced", "changed", "slice gone"};
  return kNames.at(static_cast<std::size_t>(difference));
}

bool is_harmful(Difference difference) {
  return difference == Difference::gone || difference == Difference::slice_gone ||
         difference == Difference::replaced || difference == Difference::moved;
}

bool Held::operator==(const Held& other) const {
  const auto is_same = [](const VmSlice& one, const VmSlice& another) {
    return one.device == another.device && one.gpu == another.gpu;
  };
  return cards == other.cards && std::ranges::equal(slices, other.slices, is_same);
}

Held held_of(const std::vector<Vm>& vms, const HostName& host) {
  Held held;
  for (const auto& vm : vms) {
    if (vm.container != host) continue;
    for (const auto& card : vm.gpus) held.cards.push_back(card.gpu);
    for (const auto& slice : vm.slices) {
      if (slice.gpu) held.cards.push_back(*slice.gpu);
      held.slices.push_back(slice);
    }
  }
  return held;
}

CardMatching match_cards(const std::vector<GpuCard>& have, const std::vector<GpuCard>& seen,
                         const Held& held) {
  return Reconciliation(have, seen, held).run();
}

std::vector<MdevChange> compare(const std::vector<Mdev>& have, const std::vector<Mdev>& seen,
                                const Held& held) {
  std::vector<MdevChange> changes;
  const auto is_held = [&](const Mdev& mdev) {
    return std::ranges::find(held.slices, mdev.uuid, &VmSlice::device) != held.slices.end();
  };
  for (const auto& before : have) {
    const auto now = std::ranges::find(seen, before.uuid, &Mdev::uuid);
    if (now == seen.end()) {
      changes.push_back(
          {before, Difference::gone, is_held(before) ? "a VM holds it" : "", is_held(before)});
    } else if (*now != before) {
      changes.push_back(
          {*now, Difference::changed,
           "vGPU of type " + now->type + ", was " + before.type + " on " + before.parent,
           is_held(before)});
    }
  }
  for (const auto& now : seen) {
    if (std::ranges::find(have, now.uuid, &Mdev::uuid) == have.end()) {
      changes.push_back({now, Difference::new_one, "vGPU of type " + now.type});
    }
  }
  return changes;
}

}  // namespace cluster::frontend
