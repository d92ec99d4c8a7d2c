#include "node-agent/state/name_pinning.h"

#include <algorithm>
#include <utility>

namespace cluster::agent {
namespace {

bool differ(const std::optional<std::string>& one, const std::optional<std::string>& other) {
  return one && other && *one != *other;
}

// True if no fact says that the two are different cards. A fact that is not known says nothing:
// only root can read a serial number, and a UUID is there only while the driver has the card.
bool alike(const KnownCard& one, const KnownCard& other) {
  return one.model == other.model && !differ(one.subsystem, other.subsystem) &&
         !differ(one.serial.serial, other.serial.serial) &&
         !differ(one.serial.uuid, other.serial.uuid);
}

}  // namespace

Naming::Naming(std::map<GpuName, KnownCard> known, std::vector<Card>& cards,
               const Names::Look& look, const std::function<bool(const KnownCard&)>& is_there)
    : known_(std::move(known)), missing_(known_) {
  const auto before = known_;
  for (auto& card : cards) present_.push_back({.card = &card, .seen = look(card)});
  doubt_shared_serials();
  match_numbers(&Serial::serial);
  match_numbers(&Serial::uuid);
  match_slots();
  match_places(true);
  std::erase_if(missing_, [&](const auto& entry) { return is_there(entry.second); });
  match_single_movers(true);
  // The functions of a slot can change, with a setting of the firmware.
  match_places(false);
  match_single_movers(false);
  number_the_new();
  find_doubts(before);
  for (auto& [name, card] : known_) card.missing = missing_.contains(name);
}

// Two GPUs of one board may carry the board's number; such a number tells nothing.
void Naming::doubt_shared_serials() {
  for (auto& present : present_) {
    const auto serial = present.seen.serial.serial;
    if (!serial) continue;
    const auto has_it = [&](const Present& other) { return other.seen.serial.serial == serial; };
    if (std::ranges::count_if(present_, has_it) < 2) continue;
    for (auto& other : present_) {
      if (has_it(other)) other.seen.serial.serial.reset();
    }
  }
}

void Naming::match_numbers(std::optional<std::string> Serial::*number) {
  for (auto& present : present_) {
    if (present.named || !(present.seen.serial.*number)) continue;
    const auto found = std::ranges::find_if(missing_, [&](const auto& entry) {
      return entry.second.serial.*number == present.seen.serial.*number;
    });
    if (found == missing_.end()) continue;
    present.sure = true;
    name(present, GpuName(found->first));
  }
}

// A physical slot keeps its name when bus numbers change. Some firmware gives one name to several.
void Naming::match_slots() {
  for (auto& present : present_) {
    const auto slot = present.seen.slot;
    if (present.named || !slot) continue;
    const auto of_slot = [&](const KnownCard& card) { return card.slot == slot && !card.missing; };
    const auto is_there = [&](const Present& other) { return other.seen.slot == slot; };
    const auto was_there = [&](const auto& entry) { return of_slot(entry.second); };
    if (std::ranges::count_if(present_, is_there) != 1) continue;
    if (std::ranges::count_if(missing_, was_there) != 1) continue;
    const auto found = std::ranges::find_if(missing_, was_there);
    if (!alike(found->second, present.seen)) continue;
    if (differ(found->second.functions, present.seen.functions)) continue;
    present.sure = true;
    name(present, GpuName(found->first));
  }
}

// When several cards were at one place one after the other, the last one counts; it need not have
// the highest number.
void Naming::match_places(bool strictly) {
  for (auto& present : present_) {
    if (present.named) continue;
    std::optional<GpuName> last;
    for (const auto& [name, card] : missing_) {
      if (card.pci != present.seen.pci || !alike(card, present.seen)) continue;
      if (strictly && differ(card.functions, present.seen.functions)) continue;
      if (!last || !card.missing) last = name;
      if (!card.missing) break;
    }
    if (last) name(present, *last);
  }
}

void Naming::match_single_movers(bool strictly) {
  std::vector<std::pair<Present*, GpuName>> pairs;
  for (auto& present : present_) {
    if (present.named) continue;
    const auto same = [&](const KnownCard& card) {
      return alike(card, present.seen) &&
             !(strictly && differ(card.functions, present.seen.functions));
    };
    const auto gone = [&](const auto& entry) { return same(entry.second); };
    const auto fresh = [&](const Present& other) { return !other.named && same(other.seen); };
    if (std::ranges::count_if(missing_, gone) != 1) continue;
    if (std::ranges::count_if(present_, fresh) != 1) continue;
    pairs.emplace_back(&present, std::ranges::find_if(missing_, gone)->first);
  }
  for (auto& [present, old] : pairs) {
    if (missing_.contains(old)) name(*present, old);
  }
}

// Cards of one model that nothing tells apart keep the names of their places. When one of them is
// at a new address, bus numbers may have changed, and each may be at the place of another.
void Naming::find_doubts(const std::map<GpuName, KnownCard>& before) {
  for (const auto& present : present_) {
    const auto old = before.find(present.card->name);
    if (old == before.end() || present.sure) continue;
    auto& now = known_.at(present.card->name);
    const auto same_kind = [&](const KnownCard& other) {
      return alike(other, present.seen) && !differ(other.functions, present.seen.functions);
    };
    const auto is_new_place = [&](const Present& other) {
      return !other.sure && same_kind(other.seen) &&
             std::ranges::none_of(before, [&](const auto& entry) {
               return entry.second.pci == other.seen.pci && same_kind(entry.second);
             });
    };
    const auto of_kind = std::ranges::count_if(before, [&](const auto& entry) {
      return !entry.second.missing && same_kind(entry.second);
    });
    const auto now_of_kind =
        std::ranges::count_if(present_, [&](const Present& one) { return same_kind(one.seen); });
    const bool moved = of_kind + now_of_kind > 2 && std::ranges::any_of(present_, is_new_place);
    const auto of_model = std::ranges::count_if(
        before, [&](const auto& entry) { return alike(entry.second, present.seen); });
    const bool contradicts =
        of_model > 1 && (differ(old->second.functions, present.seen.functions) ||
                         differ(old->second.slot, present.seen.slot));
    if (moved || contradicts) now.in_doubt = true;
  }
}

void Naming::number_the_new() {
  int next = known_.empty() ? 1 : known_.rbegin()->first.number() + 1;
  for (auto& present : present_) {
    if (present.named) continue;
    name(present, GpuName("gpupci" + std::to_string(next)));
    ++next;
  }
}

void Naming::name(Present& present, const GpuName& name) {
  present.named = true;
  present.card->name = name;
  missing_.erase(name);
  const auto [at, is_new] = known_.try_emplace(name, present.seen);
  if (is_new) return;
  auto& known = at->second;
  // A fact that cannot be read now keeps its old value.
  auto seen = present.seen;
  if (!seen.subsystem) seen.subsystem = known.subsystem;
  if (!seen.serial.serial) seen.serial.serial = known.serial.serial;
  if (!seen.serial.uuid) seen.serial.uuid = known.serial.uuid;
  if (!seen.revision) seen.revision = known.revision;
  if (!seen.slot) seen.slot = known.slot;
  if (!seen.iommu_group) seen.iommu_group = known.iommu_group;
  seen.in_doubt = known.in_doubt && !present.sure;
  known = seen;
}

}  // namespace cluster::agent
