#include "rolls/engine/step_kind.h"

#include <array>

#include "core/text.h"

namespace cluster::rolls {

std::span<const StepKind> step_kinds() {
  static const std::array kinds{kPackages, kFiles, kSteps, kUnits, kChecks};
  return kinds;
}

const HostFamily* family_of(const Fields& fields) {
  const auto item = fields.find("family");
  if (!item) return nullptr;
  const auto word = item->line("family");
  const auto* family = find_host_family(word);
  if (family == nullptr) {
    item->refuse("no such family: " + quote(word) + " (want " + host_family_words() + ")");
  }
  return family;
}

bool share_hosts(const HostFamily* one, const HostFamily* other) {
  return one == nullptr || other == nullptr || one == other;
}

std::string shell_lines(const Item& item, const std::string& what, HostPart& part) {
  auto text = item.lines(what);
  part.shell.push_back({item.where(), what, text});
  return text;
}

}  // namespace cluster::rolls
