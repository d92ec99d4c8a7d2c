#include "rolls/engine/roll.h"

#include <algorithm>
#include <functional>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "rolls/engine/spelling.h"

namespace cluster::rolls {
namespace {

const Roll* find_roll(const std::vector<Roll>& rolls, const std::string& name) {
  const auto at = std::ranges::find(rolls, name, &Roll::name);
  return at == rolls.end() ? nullptr : &*at;
}

}  // namespace

void RollAttribute::check(const std::string& text) const {
  if (text != printable(text)) {
    throw Error(Fault::usage, name + "=" + quote(text) + ": want a single line");
  }
  if (values.empty() || std::ranges::find(values, text) != values.end()) return;
  throw Error(Fault::usage, name + "=" + quote(text) + ": want " + joined(values, ", "));
}

const HostPart* Roll::part_for(std::string_view appliance) const {
  const auto at = std::ranges::find(hosts, appliance, &HostPart::appliance);
  return at == hosts.end() ? nullptr : &*at;
}

std::string attribute_prefix(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name + "_";
}

bool is_roll_name(std::string_view text) { return spelled(text, kLower, kLowerDigits, "-"); }

bool is_roll_version(std::string_view text) {
  // A version has no hyphen: the last hyphen of NAME-VERSION ends the name.
  return spelled(text, "0123456789", kLettersDigits, ".+~");
}

void refuse_cycles(const std::vector<Roll>& rolls) {
  std::set<std::string> done;
  std::vector<std::string> path;
  const std::function<void(const Roll&)> visit = [&](const Roll& roll) {
    path.push_back(roll.name);
    for (const auto& required : roll.requires_rolls) {
      const auto start = std::ranges::find(path, required.name);
      if (start != path.end()) {
        std::vector<std::string> circle(start, path.end());
        circle.push_back(required.name);
        throw Error(Fault::usage,
                    required.where + ": rolls require each other: " + joined(circle, " -> "));
      }
      const auto* next = find_roll(rolls, required.name);
      if (next != nullptr && !done.contains(required.name)) visit(*next);
    }
    done.insert(roll.name);
    path.pop_back();
  };
  for (const auto& roll : rolls) {
    if (!done.contains(roll.name)) visit(roll);
  }
}

std::vector<const Roll*> with_required(const Roll& roll, const std::vector<Roll>& known) {
  refuse_cycles(known);
  std::vector<const Roll*> order;
  const std::function<void(const Roll&)> visit = [&](const Roll& one) {
    for (const auto& required : one.requires_rolls) {
      const auto* next = find_roll(known, required.name);
      if (next == nullptr) {
        throw Error(Fault::refused,
                    "roll " + quote(one.name) + " requires roll " + quote(required.name) +
                        ", which is not enabled: `cluster enable roll " + required.name + "`");
      }
      if (std::ranges::find(order, next) == order.end()) visit(*next);
    }
    order.push_back(&one);
  };
  visit(roll);
  return order;
}

}  // namespace cluster::rolls
