#include "rolls/engine/script.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "rolls/engine/embedded.h"

namespace cluster::rolls {
namespace {

// One line of a comment cannot become a line of the script. A folded text of YAML is one long line.
std::string comment(std::string_view text) {
  constexpr std::size_t kWidth = 110;
  std::string out;
  for (auto line : split(trim(text), '\n')) {
    while (line.size() > kWidth) {
      const auto at = line.rfind(' ', kWidth);
      if (at == std::string_view::npos || at == 0) break;
      out += "# " + std::string(line.substr(0, at)) + "\n";
      line.remove_prefix(at + 1);
    }
    out += line.empty() ? "#\n" : "# " + std::string(line) + "\n";
  }
  return out;
}

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  for (const auto line : split(text.substr(0, text.find_last_not_of('\n') + 1), '\n')) {
    out += line.empty() ? "\n" : std::string(by) + std::string(line) + "\n";
  }
  return out;
}

std::string_view word_of(Family family) { return family == Family::rhel ? "rhel" : "debian"; }

// `text` for hosts of one family alone.
std::string only_for(Family family, const std::string& text) {
  if (family == Family::any) return text;
  return "if [ \"$family\" = " + std::string(word_of(family)) + " ]; then\n" + text + "fi\n";
}

// A word that no line of `text` is.
std::string delimiter_for(const std::string& text) {
  std::string word = "END_OF_FILE";
  const auto lines = split(text, '\n');
  while (std::ranges::find(lines, word) != lines.end()) word += "_";
  return word;
}

class Writer {
 public:
  explicit Writer(const ScriptSpec& spec) : spec_(spec), main_(*spec.rolls.back()) {}

  std::string write() {
    if (std::ranges::none_of(spec_.rolls, [&](auto* roll) { return part_of(*roll) != nullptr; })) {
      std::vector<std::string> appliances;
      for (const auto& part : main_.hosts) appliances.push_back(part.appliance);
      throw Error(Fault::refused, "roll " + quote(main_.name) + " has nothing for hosts of " +
                                      quote(spec_.appliance) +
                                      (appliances.empty() ? "" : ", only for those of ") +
                                      joined(appliances, ", "));
    }
    head();
    names();
    out_ += "roll=" + shell_word(main_.name) + "\n";
    out_ += prelude();
    for (const auto* roll : spec_.rolls) {
      if (const auto* part = part_of(*roll)) give(*roll, *part);
    }
    checks();
    out_ += "\nfinish\n";
    return std::move(out_);
  }

 private:
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
      out_ += comment("Roll " + roll->name + " " + roll->version + ": " + roll->summary);
    }
    out_ += comment("For " + (host.empty() ? "any host" : "host " + host) + " of appliance " +
                    spec_.appliance + "; written by `" + spec_.command + "`.");
    out_ +=
        "#\n# As root on that host: sh add-roll.sh [--dry-run]. What is so already is left "
        "alone, so it can be run\n# again. It does, in this order:\n";
    for (const auto* roll : spec_.rolls) {
      if (const auto* part = part_of(*roll)) plan(*part);
    }
  }

  void plan(const HostPart& part) {
    const auto item = [&](std::string_view kind, const std::string& what, Family family) {
      out_ += "#   " + std::string(kind) + std::string(9 - kind.size(), ' ') + what +
              (family == Family::any ? "" : " (" + std::string(word_of(family)) + ")") + "\n";
    };
    if (!part.debian_packages.empty()) {
      item("packages", joined(part.debian_packages, " "), Family::debian);
    }
    if (!part.rhel_packages.empty()) {
      item("packages", joined(part.rhel_packages, " "), Family::rhel);
    }
    for (const auto& one : part.files) item("file", one.to, one.family);
    for (const auto& step : part.steps) {
      item("step", step.name + (step.reboot ? "; needs a reboot" : ""), step.family);
    }
    for (const auto& unit : part.units) item("unit", unit, Family::any);
    for (const auto& check : part.checks) item("check", check.name, check.family);
  }

  void names() {
    out_ += "\n# What the inventory says of the host.\n";
    for (const auto fact : kFacts) name(fact);
    for (const auto* roll : spec_.rolls) {
      if (!roll->attributes.empty()) out_ += comment("Attributes of roll " + roll->name + ".");
      for (const auto& attribute : roll->attributes) {
        out_ += comment("  " + attribute.help);
        name(attribute.name);
      }
    }
  }

  void name(std::string_view name) {
    const auto& text = value(name);
    // What looks like something of the shell in a value is meant as it stands.
    if (text.find_first_of("$`\\'") != std::string::npos) {
      out_ += "# shellcheck disable=SC1003,SC2016\n";
    }
    out_ += "export " + std::string(name) + "=" + shell_word(text) + "\n";
  }

  void give(const Roll& roll, const HostPart& part) {
    out_ += "\n# ---- roll " + roll.name + "\nroll=" + shell_word(roll.name) + "\n";
    if (roll.arch != "any") {
      out_ += "begin 'the machine is " + roll.arch + "'\n[ \"$(uname -m)\" = " + roll.arch +
              " ] || fail \"it is $(uname -m)\"\n";
    }
    packages(part.debian_packages, Family::debian);
    packages(part.rhel_packages, Family::rhel);
    for (const auto& one : part.files) file(roll, one);
    for (const auto& one : part.steps) step(one);
    if (!part.units.empty()) out_ += "\n";
    for (const auto& unit : part.units) out_ += "unit " + shell_word(unit) + "\n";
  }

  void packages(const std::vector<std::string>& list, Family family) {
    if (list.empty()) return;
    std::string text = "  begin 'packages'\n  packages";
    for (const auto& package : list) text += " " + shell_word(package);
    out_ += "\n" + only_for(family, text + "\n");
  }

  void file(const Roll& roll, const HostFile& one) {
    const auto text = filled(one.text, roll.full_name() + "/" + one.from, spec_.values,
                             [](const std::string& value) { return value; });
    const auto end = delimiter_for(text);
    out_ += "\n" + only_for(one.family, "file " + shell_word(one.to) + " " + one.mode + " " +
                                            shell_word(one.owner) + " <<'" + end + "'\n" + text +
                                            end + "\n");
  }

  // Each runs in a subshell: what it sets or where it goes does not reach the next one. Its lines
  // are not indented, which would change a text of several lines in them.
  void step(const Step& one) {
    const auto number = std::to_string(++steps_);
    out_ += "\n" + comment("Step: " + one.name + "\n" + one.why);
    out_ += "is_done_" + number + "() {\n" + one.check + "}\n";
    const std::string in = one.family == Family::any ? "" : "  ";
    std::string text = "begin " + shell_word(one.name) + "\n";
    text += "look is_done_" + number + " >/dev/null 2>&1\n";
    text += "if [ \"$held\" -eq 0 ]; then\n  already\n";
    text += "elif [ \"$dry_run\" = yes ]; then\n";
    const auto look_again = "  look is_done_" + number + "\n  [ \"$held\" -eq 0 ] || ";
    if (one.run.empty()) {
      // Looked at again, for what it says.
      text += "  needs\nelse\n" + look_again + "fail 'it is not so'\nfi\n";
    } else {
      out_ += "step_" + number + "() {\n" + one.run + "}\n";
      text += "  would\nelse\n  (step_" + number + ") </dev/null\n";
      text += look_again + "fail 'it was done, and still is not so'\n";
      text += std::string(one.reboot ? "  needs_reboot\n" : "") + "  changed\nfi\n";
    }
    out_ += only_for(one.family, indented(text, in));
  }

  void checks() {
    std::string text;
    std::string functions;
    for (const auto* roll : spec_.rolls) {
      const auto* part = part_of(*roll);
      if (part == nullptr || part->checks.empty()) continue;
      text += "  roll=" + shell_word(roll->name) + "\n";
      for (const auto& check : part->checks) {
        const auto name = "check_" + std::to_string(++checks_);
        functions += name + "() {\n" + check.run + "}\n";
        auto one = "begin " + shell_word("check: " + check.name) + "\nlook " + name +
                   "\n[ \"$held\" -eq 0 ] || fail 'it is not so'\nalready\n";
        one = only_for(check.family, check.family == Family::any ? one : indented(one, "  "));
        text += indented(one, "  ");
      }
    }
    if (text.empty()) return;
    out_ += "\n# ---- does it work? Not before a reboot that is needed.\n" + functions;
    out_ += "if [ \"$dry_run\" = no ] && [ ! -e \"$pending\" ]; then\n" + text + "fi\n";
  }

  const ScriptSpec& spec_;
  const Roll& main_;
  std::string out_;
  int steps_ = 0;
  int checks_ = 0;
};

}  // namespace

std::string script(const ScriptSpec& spec) { return Writer(spec).write(); }

}  // namespace cluster::rolls
