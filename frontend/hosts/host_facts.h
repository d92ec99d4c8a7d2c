#pragma once

#include <optional>

#include "db/inventory.h"
#include "frontend/hosts/host_words.h"

namespace cluster::frontend {

/// What an inventory knows of its hosts; it is read when it is first asked for.
class InventoryFacts : public HostFacts {
 public:
  explicit InventoryFacts(Inventory& inventory) : inventory_(inventory) {}

  std::map<std::string, std::string> values(const std::string& attribute) override;
  std::vector<std::string> attribute_names() override;
  std::set<std::string> with_free_card() override;
  std::set<std::string> with_failing_card() override;
  std::multimap<std::string, std::string> card_models() override;

 private:
  const std::vector<Attribute>& attributes();

  Inventory& inventory_;
  std::optional<std::vector<Attribute>> attributes_;
};

}  // namespace cluster::frontend
