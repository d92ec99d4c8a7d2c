#include "db/table_order.h"

#include <algorithm>

namespace cluster::db {

std::vector<std::string> in_order(Targets left) {
  std::vector<std::string> names;
  while (!left.empty()) {
    auto next = std::ranges::find_if(left, [&](const auto& entry) {
      return std::ranges::none_of(entry.second, [&](const auto& target) {
        return target != entry.first && left.contains(target);
      });
    });
    if (next == left.end()) next = left.begin();
    names.push_back(next->first);
    left.erase(next);
  }
  return names;
}

}  // namespace cluster::db
