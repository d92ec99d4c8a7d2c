#include "rolls/engine/script.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "rolls/engine/embedded.h"
#include "rolls/engine/shell_text.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

class ScriptWriter {
 public:
  explicit ScriptWriter(const ScriptSpec& spec) : spec_(spec), main_(*spec.rolls.back()) {}

  std::string write() {
    refuse_nothing();
    head();
    names();
    out_ += "roll=" + shell_word(main_.name) + "\n";
    out_ += prelude();
    out_ += host_family_shell();
    refuse_no_host();
    for (const auto* roll : spec_.rolls) {
      if (const auto* part = part_of(*roll)) give(*roll, *part);
    }
    give_last();
    out_ += "\n";
    // The messages at the end are those of the roll that was asked for.
    if (last_ != &main_) out_ += "roll=" + shell_word(main_.name) + "\n";
    out_ += "finish\n";
    return std::move(out_);
  }

  std::string write_undo(const std::vector<std::string>& dependents) {
    refuse_nothing();
    undo_head();
    names();
    out_ += "roll=" + shell_word(main_.name) + "\n";
    out_ += prelude();
    out_ += host_family_shell();
    out_ += undo_shell();
    out_ += "\n# ---- roll " + main_.name + "\n";
    if (!dependents.empty()) {
      out_ += "unless_needed";
      for (const auto& name : dependents) out_ += " " + shell_word(name);
      out_ += "\n";
    }
    const auto kinds = step_kinds();
    const auto* part = part_of(main_);
    if (part != nullptr) out_ += functions_of(*part);
    for (auto kind = kinds.rbegin(); part != nullptr && kind != kinds.rend(); ++kind) {
      if (kind->undo == nullptr) continue;
      ScriptLines lines{main_, spec_.values, numbers_[kind->key], {}, {}};
      kind->undo(*part, lines);
      out_ += lines.text;
    }
    out_ += "\nfinish_undo\n";
    return std::move(out_);
  }

 private:
  void refuse_nothing() const {
    if (std::ranges::none_of(spec_.rolls, [&](auto* roll) { return part_of(*roll) != nullptr; })) {
      std::vector<std::string> appliances;
      for (const auto& part : main_.hosts) appliances.push_back(part.appliance);
      throw Error(Fault::refused, "roll " + quote(main_.name) + " has nothing for hosts of " +
                                      quote(spec_.appliance) +
                                      (appliances.empty() ? "" : ", only for those of ") +
                                      joined(appliances, ", "));
    }
  }

  // What is taken from a machine is taken from one of the inventory, and the frontend is none.
  void refuse_no_host() {
    const auto needs = std::ranges::find_if(spec_.rolls, [&](const Roll* roll) {
      const auto* part = part_of(*roll);
      return part != nullptr && part->needs_host;
    });
    if (needs == spec_.rolls.end()) return;
    const auto& name = (*needs)->name;
    out_ +=
        "\n" +
        shell_comment("Roll " + name +
                      " takes things from the machine where it runs, so it is for a host "
                      "of the inventory.") +
        "begin 'this is a host of the inventory'\n[ -n \"$host\" ] || fail " +
        shell_word("this script is for no host, so nothing is done; the frontend is no target of " +
                   name + ": cluster run roll " + main_.name + " host=HOST") +
        "\n";
  }

  const HostPart* part_of(const Roll& roll) const { return roll.part_for(spec_.appliance); }

  const std::string& value(std::string_view name) const {
    const auto at = spec_.values.find(name);
    if (at == spec_.values.end()) {
      throw Error(Fault::usage, "no value for " + quote(name));
    }
    if (at->second != printable(at->second)) {
      throw Error(Fault::usage,
                  "the value of " + quote(name) + " is not a single line: " + quote(at->second));
    }
    return at->second;
  }

  void head() {
    out_ += "#!/bin/sh\n";
    const auto& host = value("host");
    for (const auto* roll : spec_.rolls) {
      if (part_of(*roll) == nullptr) continue;
      out_ += shell_comment("Roll " + roll->name + " " + roll->version + ": " + roll->summary);
    }
    out_ += shell_comment("For " + (host.empty() ? "any host" : "host " + host) + " of appliance " +
                          spec_.appliance + "; written by `" + spec_.command + "`.");
    out_ +=
        "#\n# As root on that host: sh add-roll.sh [--dry-run]. What is so already is left "
        "alone, so it can be run\n# again. It does, in this order:\n";
    for (const auto* roll : spec_.rolls) {
      if (const auto* part = part_of(*roll)) plan(*part);
    }
  }

  void undo_head() {
    const auto& host = value("host");
    out_ += "#!/bin/sh\n" +
            shell_comment("Takes back what roll " + main_.name + " did on " +
                          (host.empty() ? "a host" : "host " + host) + " of appliance " +
                          spec_.appliance + "; written by `" + spec_.command + "`.") +
            "#\n# As root on that host: sh undo-roll.sh [--dry-run] [--remove-packages]. The roll "
            "noted "
            "there what it\n# changed; what somebody else has changed since is left alone.\n";
  }

  void plan(const HostPart& part) {
    for (const auto& kind : step_kinds()) {
      for (const auto& [what, family] : kind.plan(part)) {
        const auto width = std::max(kind.item.size() + 1, std::size_t{9});
        out_ += "#   " + std::string(kind.item) + std::string(width - kind.item.size(), ' ') +
                what + (family == nullptr ? "" : " (" + std::string(family->word) + ")") + "\n";
      }
    }
  }

  void names() {
    out_ += "\n# What the inventory says of the host.\n";
    for (const auto fact : kFacts) name(fact);
    for (const auto* roll : spec_.rolls) {
      if (!roll->attributes.empty())
        out_ += shell_comment("Attributes of roll " + roll->name + ".");
      for (const auto& attribute : roll->attributes) {
        out_ += shell_comment("  " + attribute.help);
        name(attribute.name);
      }
    }
  }

  void name(std::string_view name) {
    const auto& text = value(name);
    // A value may have characters that mean something to the shell; they are meant as they stand.
    if (text.find_first_of("$`\\'") != std::string::npos) {
      out_ += "# shellcheck disable=SC1003,SC2016\n";
    }
    out_ += "export " + std::string(name) + "=" + shell_word(text) + "\n";
  }

  void give(const Roll& roll, const HostPart& part) {
    last_ = &roll;
    out_ += "\n# ---- roll " + roll.name + "\nroll=" + shell_word(roll.name) + "\n";
    if (roll.arch != "any") {
      out_ += "begin 'the machine is " + roll.arch + "'\n[ \"$(uname -m)\" = " + roll.arch +
              " ] || fail \"it is $(uname -m)\"\n";
    }
    out_ += functions_of(part);
    for (const auto& kind : step_kinds()) {
      if (kind.last) continue;
      const auto lines = lines_of(kind, roll, part);
      out_ += lines.functions + lines.text;
    }
  }

  static std::string functions_of(const HostPart& part) {
    return part.functions.empty() ? "" : "\n# What several of its steps say.\n" + part.functions;
  }

  // The kinds that come last have one place for all rolls.
  void give_last() {
    std::string text;
    for (const auto& kind : step_kinds()) {
      if (!kind.last) continue;
      for (const auto* roll : spec_.rolls) {
        const auto* part = part_of(*roll);
        if (part == nullptr) continue;
        const auto lines = lines_of(kind, *roll, *part);
        if (lines.text.empty()) continue;
        text += lines.functions + "roll=" + shell_word(roll->name) + "\n" + lines.text;
        last_ = roll;
      }
    }
    if (text.empty()) return;
    out_ += "\n# ---- does it work? Not before a reboot that is needed.\n" + text;
  }

  ScriptLines lines_of(const StepKind& kind, const Roll& roll, const HostPart& part) {
    ScriptLines lines{roll, spec_.values, numbers_[kind.key], {}, {}};
    kind.write(part, lines);
    return lines;
  }

  const ScriptSpec& spec_;
  const Roll& main_;
  std::string out_;
  std::map<std::string_view, int> numbers_;  // the number of each kind's last function
  const Roll* last_ = nullptr;               // the roll whose name is in $roll
};

}  // namespace

std::string script(const ScriptSpec& spec) { return ScriptWriter(spec).write(); }

std::string undo_script(const ScriptSpec& spec, const std::vector<std::string>& dependents) {
  return ScriptWriter(spec).write_undo(dependents);
}

}  // namespace cluster::rolls
