#include "frontend/hosts/host_facts.h"

#include <algorithm>

namespace cluster::frontend {

const std::vector<Attribute>& InventoryFacts::attributes() {
  if (!attributes_) attributes_ = inventory_.attributes();
  return *attributes_;
}

std::map<std::string, std::string> InventoryFacts::values(const std::string& attribute) {
  std::map<std::string, std::string> values;
  auto named = attributes();
  std::erase_if(named, [&](const Attribute& one) { return one.name != attribute; });
  if (named.empty()) return values;
  const AttributeResolver resolver(named);
  const auto containers = inventory_.containers();
  for (const auto& host : inventory_.host_groups()) {
    const auto container = containers.find(host.name);
    const auto resolved = resolver.resolve(
        {host.appliance,
         container == containers.end() ? std::nullopt : std::optional(container->second),
         host.name});
    if (const auto value = resolved.find(attribute); value != resolved.end()) {
      values.emplace(host.name.str(), value->second.value);
    }
  }
  return values;
}

std::vector<std::string> InventoryFacts::attribute_names() {
  std::vector<std::string> names;
  for (const auto& one : attributes()) names.push_back(one.name);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::set<std::string> InventoryFacts::with_free_card() {
  std::set<std::string> hosts;
  for (const auto& card : inventory_.free_gpus({})) hosts.insert(card.host.str());
  return hosts;
}

std::set<std::string> InventoryFacts::with_failing_card() {
  std::set<std::string> hosts;
  for (const auto& card : inventory_.card_traits()) {
    if (card.failing) hosts.insert(card.host.str());
  }
  return hosts;
}

std::multimap<std::string, std::string> InventoryFacts::card_models() {
  std::multimap<std::string, std::string> models;
  for (const auto& card : inventory_.card_traits()) models.emplace(card.host.str(), card.model);
  return models;
}

}  // namespace cluster::frontend
