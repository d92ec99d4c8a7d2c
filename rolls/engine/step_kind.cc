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

}  // namespace cluster::rolls
