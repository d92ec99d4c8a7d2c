#include "core/text.h"
#include "rolls/engine/shell_text.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

void read(const Item& value, const RollReading&, HostPart& part) {
  for (const auto& item : value.list("checks")) {
    const Fields check(item, "check", {"name", "run", "family"});
    const auto run = check.require("run");
    part.checks.push_back(
        {check.require("name").line("name"), shell_lines(run, "run", part), family_of(check)});
  }
}

std::vector<PlannedItem> plan(const HostPart& part) {
  std::vector<PlannedItem> items;
  for (const auto& check : part.checks) items.push_back({check.name, check.family});
  return items;
}

void write(const HostPart& part, ScriptLines& lines) {
  for (const auto& check : part.checks) {
    const auto name = "check_" + std::to_string(++lines.number);
    lines.functions += name + "() {\n" + check.run + "}\n";
    const auto text =
        "begin " + shell_word("check: " + check.name) + "\nif is_time; then\n  look " + name +
        "\n  if [ \"$held\" -eq 0 ]; then already; else leave_alone || fail 'it is not "
        "so'; fi\nfi\n";
    lines.text += only_for(check.family, indented(text, check.family == nullptr ? "" : "  "));
  }
}

}  // namespace

const StepKind kChecks{"checks", "check", true, read, plan, write, nullptr};

}  // namespace cluster::rolls
