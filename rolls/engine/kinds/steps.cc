#include "core/text.h"
#include "rolls/engine/shell_text.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

void read(const Item& value, const RollReading&, HostPart& part) {
  for (const auto& item : value.list("steps")) {
    const Fields fields(item, "step",
                        {"name", "why", "check", "run", "undo", "stays", "family", "reboot"});
    HostStep step;
    step.name = fields.require("name").line("name");
    step.why = fields.require("why").lines("why");
    step.check = shell_lines(fields.require("check"), "check", part);
    if (const auto run = fields.find("run")) step.run = shell_lines(*run, "run", part);
    if (const auto undo = fields.find("undo")) step.undo = shell_lines(*undo, "undo", part);
    if (const auto stays = fields.find("stays")) {
      step.stays = stays->line("stays");
      if (!step.undo.empty()) stays->refuse("a step has undo or stays, not both");
    }
    step.family = family_of(fields);
    if (const auto reboot = fields.find("reboot")) step.reboot = reboot->yes_or_no("reboot");
    // What a step did is noted on the host by its name.
    for (const auto& other : part.steps) {
      if (other.name == step.name && share_hosts(other.family, step.family)) {
        item.refuse("a second step " + quote(step.name) + "; want another name");
      }
    }
    part.steps.push_back(std::move(step));
  }
}

std::vector<PlannedItem> plan(const HostPart& part) {
  std::vector<PlannedItem> items;
  for (const auto& step : part.steps) {
    items.push_back({step.name + (step.reboot ? "; needs a reboot" : ""), step.family});
  }
  return items;
}

// Each step runs in a subshell, so its variables and its change of folder do not reach the next
// step. The lines of a step are not indented, as that would change a text of several lines in them.
void write(const HostPart& part, ScriptLines& lines) {
  for (const auto& step : part.steps) {
    const auto number = std::to_string(++lines.number);
    auto& out = lines.text;
    out += "\n" + shell_comment("Step: " + step.name + "\n" + step.why);
    out += "is_done_" + number + "() {\n" + step.check + "}\n";
    std::string text = "begin " + shell_word(step.name) + "\n";
    text += "look is_done_" + number + " >/dev/null 2>&1\n";
    text += "if [ \"$held\" -eq 0 ]; then\n  already\n";
    text += "elif leave_alone; then\n  :\nelif [ \"$dry_run\" = yes ]; then\n";
    const auto look_again = "  look is_done_" + number + "\n  [ \"$held\" -eq 0 ] || ";
    if (step.run.empty()) {
      // The check is run again, so that the operator sees what it prints.
      text += "  needs \"$(look is_done_" + number + " 2>&1 | tail -n 1)\"\nelse\n" + look_again +
              "fail 'it is not so'\nfi\n";
    } else {
      out += "step_" + number + "() {\n" + step.run + "}\n";
      const std::string note = "  record steps \"$doing\"\n";
      const std::string act = "  (step_" + number + ") </dev/null\n";
      // A step that says how it is taken back is taken back when it ended half way, too. Of one
      // that does not, it is told that it was begun.
      const std::string begun = "  record begun \"$doing\"\n";
      text +=
          "  would\nelse\n" + (step.undo.empty() ? begun + act + note : note + act) + "  kept\n";
      text += look_again + "leave_alone || fail 'it was done, and still is not so'\n";
      text += std::string(step.reboot ? "  needs_reboot\n" : "") + "  changed\nfi\n";
    }
    out += only_for(step.family, indented(text, step.family == nullptr ? "" : "  "));
  }
}

void undo(const HostPart& part, ScriptLines& lines) {
  for (auto step = part.steps.rbegin(); step != part.steps.rend(); ++step) {
    if (step->run.empty()) continue;
    lines.text += "\n";
    std::string function = "''";
    if (!step->undo.empty()) {
      function = "undo_" + std::to_string(++lines.number);
      lines.text += function + "() {\n" + step->undo + "}\n";
    }
    const auto text = "begin " + shell_word(step->name) + "\nundo_step " + function +
                      (step->reboot ? " yes" : " no") +
                      (step->stays.empty() ? "" : " " + shell_word(step->stays)) + "\n";
    lines.text += only_for(step->family, indented(text, step->family == nullptr ? "" : "  "));
  }
}

}  // namespace

const StepKind kSteps{"steps", "step", false, read, plan, write, undo};

}  // namespace cluster::rolls
