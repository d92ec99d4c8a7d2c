#include "node-agent/actions/card_list.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/cards/slices.h"
#include "node-agent/state/lock.h"
#include "node-agent/state/saved_drivers.h"

namespace cluster::agent {
namespace {

std::string no_cards(const Environment& environment, const Settings& settings) {
  std::vector<std::string> vendors;
  std::vector<std::string> classes;
  for (const auto id : settings.vendors) vendors.push_back(hex4(id));
  for (const auto id : settings.classes) classes.push_back(hex4(id));
  return "no card found on this host (vendors " + joined(vendors, " ") + ", classes " +
         joined(classes, " ") + "; change them in " + environment.settings.native() + ")";
}

bool is_there(const Sysfs& sysfs, const KnownCard& card) {
  const auto function = sysfs.find(card.pci);
  return function && PciModel{function->vendor, function->device} == card.model;
}

}  // namespace

CardList::CardList(const Environment& environment, Stream& err, bool dry_run)
    : environment_(environment),
      err_(err),
      dry_run_(dry_run),
      settings_(load_settings(environment.settings)),
      sysfs_(environment.sysfs) {}

std::vector<Card> CardList::cards() {
  auto found = find();
  const auto names = name(found, false);
  if (!names.changed() || dry_run_) return found;
  try {
    const Lock lock(environment_.lock, std::chrono::milliseconds{0});
    return store(lock);
  } catch (const Error&) {
    // We are not root, /var is read-only, or another gpupci is at work. The next gpupci that can
    // write will store the same names, for it makes them from the same facts.
    return found;
  }
}

std::vector<Card> CardList::pick(const std::string& target) { return chosen(cards(), target); }

std::vector<Card> CardList::pick(const std::string& target, const Lock& held, bool way_back) {
  return chosen(store(held, way_back), target);
}

void CardList::settle(const std::string& name) {
  const auto card = SliceName::parse(name).card;
  if (in_doubt_.erase(card) == 0) return;
  try {
    Names names(environment_.names);
    names.settle(card);
    names.save();
  } catch (const Error&) {  // then the doubt stays, and --restore says so
  }
}

std::vector<Card> CardList::find() {
  const auto said = troubles_.size();
  auto found = find_cards(sysfs_, settings_, troubles_);
  for (auto at = said; at < troubles_.size(); ++at) err_ << "gpupci: " << troubles_[at] << "\n";
  return found;
}

Names CardList::name(std::vector<Card>& found, bool closely) {
  Names names(environment_.names);
  // The cards that were found are cards. Any other card that is on the host is no card by the
  // settings.
  const auto as_no_card = [&](const KnownCard& card) {
    return std::ranges::none_of(found, [&](auto& one) { return has(one, card.pci); }) &&
           is_there(sysfs_, card);
  };
  names.give(
      found, environment_.boot_id(), closely,
      [&](const Card& card) { return look_at(card, sysfs_, environment_.proc); }, as_no_card);
  missing_ = names.missing();
  in_doubt_.clear();
  for (const auto& [card, known] : names.known()) {
    if (known.in_doubt) in_doubt_.insert(card);
  }
  return names;
}

std::vector<Card> CardList::store(const Lock& /*held*/, bool way_back) {
  auto found = find();
  auto names = name(found, true);
  std::map<GpuName, PciAddress> places;
  for (const auto& [card, known] : names.known()) places.emplace(card, known.pci);
  try {
    SavedDrivers(environment_.saved_drivers, environment_.machine()).follow(places);
    if (names.changed()) names.save();
  } catch (const Error&) {
    if (!way_back) throw;
  }
  return found;
}

std::vector<Card> CardList::chosen(const std::vector<Card>& found,
                                   const std::string& target) const {
  if (target == "all") {
    if (found.empty()) throw Error(Fault::not_found, no_cards(environment_, settings_));
    return found;
  }
  std::vector<Card> chosen;
  for (const auto name : split(target, ',')) {
    const auto one = called(found, SliceName::parse(name));
    if (!one) return {};
    const auto same = [&](const Card& card) { return card.label() == one->label(); };
    if (std::ranges::none_of(chosen, same)) chosen.push_back(*one);
  }
  return chosen;
}

std::optional<Card> CardList::called(const std::vector<Card>& found, const SliceName& name) const {
  const auto card = std::ranges::find(found, name.card, &Card::name);
  if (card == found.end()) return std::nullopt;
  if (!name.slice) return *card;
  for (auto& slice : slices_of(*card, sysfs_)) {
    if (slice.slice == name.slice) return std::move(slice);
  }
  return std::nullopt;
}

int not_found(const Call& call, CardList& card_list, const std::string& targets) {
  std::string target;
  for (const auto name : split(targets, ',')) {
    target = name;
    if (card_list.pick(target).empty()) break;
  }
  const auto gone = card_list.missing().find(SliceName::parse(target).card);
  if (gone == card_list.missing().end()) {
    call.err << "GPU card " << target << " not found\n";  // the ancestor's sentence
  } else {
    const auto& [name, card] = *gone;
    call.err << "GPU card " << target << " is missing: it was a " << hex4(card.model.vendor) << ":"
             << hex4(card.model.device) << " at " << card.pci.sysfs() << "\n";
  }
  return exit_status(Fault::not_found);
}

}  // namespace cluster::agent
