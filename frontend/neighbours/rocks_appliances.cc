#include "frontend/neighbours/rocks_appliances.h"

#include <algorithm>
#include <array>
#include <set>

namespace cluster::frontend {
namespace {

// Appliances by their membership (`rocks list membership`).
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kMemberships{
    {{"Compute", "compute"},
     {"Frontend", "frontend"},
     {"Hosted VM", "vm"},
     {"VM Container", "vm-container"}}};

bool is_always_there(const std::string& appliance) {
  return std::ranges::find(kMemberships, appliance, &decltype(kMemberships)::value_type::second) !=
         kMemberships.end();
}

}  // namespace

void RocksAppliances::add(const std::string& name, const std::string& membership, int line) {
  appliances_.push_back({name, membership, line});
}

void RocksAppliances::add_member(const std::string& host, const std::string& membership, int line) {
  members_.push_back({host, membership, line});
}

void RocksAppliances::add_attribute(const std::string& appliance, const std::string& name,
                                    const std::string& value, int line) {
  values_.push_back({appliance, name, value, line});
}

// "" when the file does not say.
std::string RocksAppliances::of_membership(const std::string& membership) const {
  const auto at =
      std::ranges::find(kMemberships, membership, &decltype(kMemberships)::value_type::first);
  if (at != kMemberships.end()) return std::string(at->second);
  const auto own = std::ranges::find(appliances_, membership, &Named::membership);
  return own == appliances_.end() ? "" : own->name;
}

bool RocksAppliances::has(const std::string& appliance) const {
  return is_always_there(appliance) ||
         std::ranges::find(appliances_, appliance, &Named::name) != appliances_.end();
}

void RocksAppliances::finish(NeighbourHosts& hosts, std::vector<NeighbourCommand>& before,
                             std::vector<NeighbourCommand>& after) const {
  std::set<std::string> used;
  for (const auto& [host, membership, line] : members_) {
    auto appliance = of_membership(membership);
    if (appliance.empty()) {
      hosts.leave(line, host + " membership=" + membership + ": taken as compute");
      appliance = "compute";
    }
    used.insert(appliance);
    hosts.at(host, line).appliance = appliance;
  }
  for (const auto& [appliance, name, value, line] : values_) {
    // `managed` of an appliance is a fact here.
    if (name == "managed" || !has(appliance)) {
      hosts.leave(line, "appliance " + appliance + " " + name + "=" + value);
      continue;
    }
    used.insert(appliance);
    after.push_back({{"add", "appliance", "attr", appliance, name, value}, line});
  }
  std::set<std::string> added;
  for (const auto& [name, membership, line] : appliances_) {
    if (is_always_there(name)) continue;
    if (!used.contains(name)) {
      hosts.leave(line, "appliance " + name + ", which nothing has");
    } else if (added.insert(name).second) {
      before.push_back({{"add", "appliance", name}, line});
    }
  }
}

}  // namespace cluster::frontend
