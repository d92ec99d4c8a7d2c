#include "core/text.h"
#include "rolls/engine/spelling.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

bool is_unit(std::string_view text) {
  return spelled(text, kLettersDigits, kLettersDigits, "-_.@:\\") &&
         text.find('.') != std::string_view::npos;
}

void read(const Item& value, const RollReading&, HostPart& part) {
  part.units = words(value, "unit", is_unit, "gpupci-restore.service");
}

std::vector<PlannedItem> plan(const HostPart& part) {
  std::vector<PlannedItem> items;
  for (const auto& unit : part.units) items.push_back({unit});
  return items;
}

void write(const HostPart& part, ScriptLines& lines) {
  if (!part.units.empty()) lines.text += "\n";
  for (const auto& unit : part.units) lines.text += "unit " + shell_word(unit) + "\n";
}

void undo(const HostPart& part, ScriptLines& lines) {
  for (auto unit = part.units.rbegin(); unit != part.units.rend(); ++unit) {
    lines.text += "undo_unit " + shell_word(*unit) + "\n";
  }
}

}  // namespace

const StepKind kUnits{"units", "unit", false, read, plan, write, undo};

}  // namespace cluster::rolls
