#include "virt/domain_groups.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "virt/domain_identity.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

// A card with one function is the card with several: "ua-gpupci2" and "ua-gpupci2-fn0".
std::string_view role(pugi::xml_node device) {
  auto name = alias(device);
  if (name.ends_with("-fn0")) name.remove_suffix(4);
  return name;
}

// A domain may have several of these, all alike.
bool is_one_of_many(std::string_view name) {
  static const std::set<std::string_view> names{"crypto", "hub",   "memory",    "redirdev",
                                                "rng",    "shmem", "smartcard", "sound"};
  return names.contains(name);
}

// The guest address of a device that has a name of its own; "" for all others.
std::string guest_place(pugi::xml_node element) {
  const std::string_view name = element.name();
  const auto address = element.child("address");
  if (!is_device(element) || address.empty() ||
      (name != "disk" && name != "interface" && name != "hostdev")) {
    return "";
  }
  std::vector<std::string> words;
  for (const auto one : address.attributes()) {
    if (std::string_view(one.name()) == "multifunction") continue;
    words.push_back(std::string(one.name()) + "=" + one.value());
  }
  std::ranges::sort(words);
  std::string out(name);
  for (const auto& each : words) out += " " + each;
  return out;
}

// What pairs() asks of an element, asked once.
struct Named {
  pugi::xml_node element;
  std::string identity;  // name and key
  std::string looks;
  std::string role;  // name and role, "" without
};

Named named(pugi::xml_node element) {
  Named out{element, element.name(), "", ""};
  if (const auto its = key(element)) out.identity.append("\n=").append(*its);
  if (!is_device(element)) return out;
  out.looks = looks(element);
  if (const auto its = role(element); !its.empty()) {
    out.role.append(element.name()).append("\n").append(its);
  }
  return out;
}

std::vector<Named> named(const std::vector<pugi::xml_node>& elements) {
  std::vector<Named> out;
  out.reserve(elements.size());
  for (const auto element : elements) out.push_back(named(element));
  return out;
}

using Partners = std::vector<std::optional<std::size_t>>;  // of each of the left, in the right

// Pairs those that are left by what `of` says, each with the first of its equals.
template <typename Of, typename Skip>
void pair_by(const std::vector<const Named*>& left, const std::vector<const Named*>& right,
             Partners& partners, std::vector<bool>& taken, Of of, Skip skip) {
  std::unordered_map<std::string, std::vector<std::size_t>> open;
  for (auto i = right.size(); i-- > 0;) {
    if (!taken[i]) open[of(*right[i])].push_back(i);
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (partners[i]) continue;
    const auto found = open.find(of(*left[i]));
    if (found == open.end() || found->second.empty()) continue;
    const auto place = found->second.back();
    found->second.pop_back();
    if (skip(*left[i])) continue;
    partners[i] = place;
    taken[place] = true;
  }
}

Partners partners(const std::vector<const Named*>& left, const std::vector<const Named*>& right,
                  Acquaintance acquaintance) {
  Partners out(left.size());
  std::vector<bool> taken(right.size(), false);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i]->role.empty()) continue;
    for (auto j = right.size(); j-- > 0 && !out[i];) {
      if (taken[j] || right[j]->role != left[i]->role) continue;
      out[i] = j;
      taken[j] = true;
    }
  }
  // Of devices that have nothing but their place, those that look alike come first.
  const auto never = [](const Named&) { return false; };
  pair_by(
      left, right, out, taken, [](const Named& one) { return one.identity + "\n" + one.looks; },
      never);
  pair_by(
      left, right, out, taken, [](const Named& one) { return one.identity; },
      [&](const Named& one) {
        return acquaintance == Acquaintance::strangers && is_one_of_many(one.element.name());
      });
  return out;
}

std::vector<const Named*> pointers(const std::vector<Named>& all) {
  std::vector<const Named*> out;
  for (const auto& one : all) out.push_back(&one);
  return out;
}

// The children of one parent in the four documents while they are grouped. Documents are numbered
// in the order in which they join: theirs, defined, rendered, ours.
enum Side : std::size_t { kTheirs, kDefined, kRendered, kOurs, kSides };

struct Group {
  std::array<const Named*, kSides> of{};
};

// Adds `todo` to groups that have an element of `reference` that is the same, and takes those out.
void join(std::vector<Group>& groups, std::vector<const Named*>& todo, Side side, Side reference) {
  if (todo.empty()) return;
  std::vector<const Named*> there;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].of[reference] == nullptr || groups[i].of[side] != nullptr) continue;
    there.push_back(groups[i].of[reference]);
    places.push_back(i);
  }
  const auto acquaintance =
      side == kOurs && reference != kRendered ? Acquaintance::strangers : Acquaintance::agreed;
  const auto found = partners(todo, there, acquaintance);
  std::vector<const Named*> rest;
  for (std::size_t i = 0; i < todo.size(); ++i) {
    if (found[i]) {
      groups[places[*found[i]]].of[side] = todo[i];
    } else {
      rest.push_back(todo[i]);
    }
  }
  todo = rest;
}

// Somebody gave a device another MAC, target or card, and put it where the old one was. Returns the
// groups in which the two are one.
std::vector<std::size_t> join_by_place(std::vector<Group>& groups, std::vector<const Named*>& todo,
                                       const std::vector<Named>& ours) {
  std::vector<std::size_t> out;
  std::vector<const Named*> rest;
  for (const auto* one : todo) {
    const auto place = guest_place(one->element);
    const auto found = std::ranges::find_if(groups, [&](const Group& group) {
      const auto* theirs = group.of[kTheirs];
      return !place.empty() && theirs != nullptr && group.of[kDefined] == nullptr &&
             guest_place(theirs->element) == place &&
             std::ranges::find(ours, theirs->identity, &Named::identity) == ours.end();
    });
    if (found == groups.end()) {
      rest.push_back(one);
      continue;
    }
    found->of[kDefined] = one;
    out.push_back(static_cast<std::size_t>(found - groups.begin()));
  }
  todo = rest;
  return out;
}

}  // namespace

std::vector<std::pair<pugi::xml_node, pugi::xml_node>> pairs(
    const std::vector<pugi::xml_node>& left, const std::vector<pugi::xml_node>& right,
    Acquaintance acquaintance) {
  const auto lefts = named(left);
  const auto rights = named(right);
  const auto found = partners(pointers(lefts), pointers(rights), acquaintance);
  std::vector<std::pair<pugi::xml_node, pugi::xml_node>> out;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (found[i]) out.emplace_back(left[i], right[*found[i]]);
  }
  return out;
}

std::vector<Quad> groups(const Quad& parents) {
  const std::array<std::vector<Named>, kSides> children{
      named(elements(parents.theirs)), named(elements(parents.defined)),
      named(elements(parents.rendered)), named(elements(parents.ours))};
  std::vector<Group> groups;
  for (const auto& one : children[kTheirs]) groups.push_back({{&one}});
  const auto append = [&](const std::vector<const Named*>& rest, Side side) {
    for (const auto* one : rest) {
      groups.emplace_back();
      groups.back().of[side] = one;
    }
  };

  auto todo = pointers(children[kDefined]);
  join(groups, todo, kDefined, kTheirs);
  const auto by_place = join_by_place(groups, todo, children[kOurs]);
  append(todo, kDefined);

  todo = pointers(children[kRendered]);
  join(groups, todo, kRendered, kDefined);
  join(groups, todo, kRendered, kTheirs);
  append(todo, kRendered);

  todo = pointers(children[kOurs]);
  for (const auto reference : {kRendered, kTheirs, kDefined}) join(groups, todo, kOurs, reference);
  append(todo, kOurs);

  for (const auto place : by_place) {
    if (groups[place].of[kOurs] != nullptr) continue;
    // Nobody wants the old one: the new one is somebody else's.
    Group old;
    std::swap(old.of[kDefined], groups[place].of[kDefined]);
    std::swap(old.of[kRendered], groups[place].of[kRendered]);
    groups.push_back(old);
  }
  std::vector<Quad> out;
  out.reserve(groups.size());
  const auto node = [](const Named* one) {
    return one == nullptr ? pugi::xml_node() : one->element;
  };
  for (const auto& group : groups) {
    out.push_back({node(group.of[kRendered]), node(group.of[kDefined]), node(group.of[kTheirs]),
                   node(group.of[kOurs])});
  }
  return out;
}

}  // namespace cluster::virt
