#include "frontend/rolls/checked_rolls.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"

namespace cluster::frontend {
namespace {

constexpr int kMostChecks = 20;

bool are_same(const std::vector<StoredRoll>& one, const std::vector<StoredRoll>& other) {
  return std::ranges::equal(one, other, [](const StoredRoll& left, const StoredRoll& right) {
    const auto all = [](const StoredRoll& roll) {
      return std::tie(roll.name, roll.version, roll.arch, roll.enabled, roll.checksum);
    };
    return all(left) == all(right);
  });
}

}  // namespace

void on_checked_rolls(Inventory& inventory, const char* what, const std::function<void()>& check,
                      const std::function<void()>& act) {
  bool acted = false;
  for (int checks = 0; !acted; ++checks) {
    if (checks == kMostChecks) {
      throw Error(Fault::refused, std::string(what) + ": others change the rolls all the time");
    }
    const auto seen = inventory.rolls();
    check();
    inventory.together(what, [&] {
      if (!are_same(seen, inventory.rolls())) return;
      act();
      acted = true;
    });
  }
}

}  // namespace cluster::frontend
