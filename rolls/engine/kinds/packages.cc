#include "core/text.h"
#include "rolls/engine/shell_text.h"
#include "rolls/engine/spelling.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

bool is_package(std::string_view text) {
  return spelled(text, kLettersDigits, kLettersDigits, "+-._@:");
}

void read(const Item& value, const RollReading&, HostPart& part) {
  std::vector<std::string> known;
  for (const auto& family : host_families()) known.emplace_back(family.word);
  const Fields families(value, "packages", known);
  for (const auto& family : host_families()) {
    auto list = words(families.find(std::string(family.word)), "package", is_package, "gcc");
    if (!list.empty()) part.packages.push_back({&family, std::move(list)});
  }
}

std::vector<PlannedItem> plan(const HostPart& part) {
  std::vector<PlannedItem> items;
  for (const auto& [family, names] : part.packages) items.push_back({joined(names, " "), family});
  return items;
}

void write(const HostPart& part, ScriptLines& lines) {
  for (const auto& [family, names] : part.packages) {
    std::string text = "  begin 'packages'\n  packages";
    for (const auto& name : names) text += " " + shell_word(name);
    lines.text += "\n" + only_for(family, text + "\n");
  }
}

// Steps install packages, too; all of them are in one list on the host.
void undo(const HostPart&, ScriptLines& lines) { lines.text += "undo_packages\n"; }

}  // namespace

const StepKind kPackages{"packages", "packages", false, read, plan, write, undo};

}  // namespace cluster::rolls
