#include "node-agent/output/text.h"

namespace cluster::agent {
namespace {

// "GPU card 'gpupci1' video device 0000:02:00.0"
std::string subject(const std::string& name, const PciFunction& function) {
  return "GPU card '" + name + "' " + std::string(kind(function)) + " device " +
         function.pci.sysfs();
}

std::string line_of(const std::string& name, const FunctionOutcome& one) {
  const auto word = std::string(kind(one.function));
  const auto pci = one.function.pci.sysfs();
  switch (one.outcome) {
    case Outcome::detached:
      return "Detached " + subject(name, one.function) + "\n";
    case Outcome::already_detached:
      return subject(name, one.function) + " is already detached\n";
    case Outcome::attached:
      return "Attached " + word + " card " + pci + " of " + name + "\n";
    case Outcome::already_attached:
      return name + " " + word + " card " + pci + " is already attached\n";
    case Outcome::without_driver:
      return subject(name, one.function) + " has no driver: no host driver has taken it\n";
    case Outcome::held_back:
      return "Not reattaching associated " + word + " device " + pci + "\n";
    case Outcome::would_detach:
    case Outcome::would_attach:
    case Outcome::rolled_back:
    case Outcome::failed:
    case Outcome::untouched:
      break;
  }
  return {};
}

}  // namespace

std::string list_line(const Card& card) { return card.label() + " " + card.pci().libvirt() + "\n"; }

std::string status_lines(const Card& card) {
  std::string lines;
  for (const auto& function : card.functions) {
    lines += subject(card.label(), function);
    lines += function.driver ? " is linked to bus/pci/drivers/" + *function.driver + " driver\n"
                             : " is not linked to a driver\n";
  }
  for (const auto& [function, why] : card.left_out) {
    lines += "GPU card '" + card.label() + "' leaves " + std::string(kind(function)) + " device " +
             function.pci.sysfs() + " to the host: " + why + "\n";
  }
  return lines;
}

std::string wedged_line(const std::string& name, const Wedge& wedge) {
  return "GPU card '" + name + "' is " + message(reason(wedge)) + "\n";
}

std::string saved_line(const std::string& name, const std::string& vm) {
  return "GPU card '" + name + "' is in the saved memory of VM " + quoted_name(vm) + "\n";
}

std::string outcome_lines(const CardOutcome& outcome, virt::Mode mode) {
  const bool dry_run = mode == virt::Mode::dry_run;
  std::string lines;
  for (const auto& one : outcome.functions) {
    const auto line = line_of(outcome.name, one);
    if (dry_run && !line.empty()) lines += "# ";
    lines += line;
  }
  if (dry_run) {
    for (const auto& step : outcome.steps) lines += step + "\n";
  }
  return lines;
}

std::string note_lines(const CardOutcome& outcome) {
  std::string lines;
  for (const auto& note : outcome.notes) {
    lines += "gpupci: note: " + outcome.name + ": " + note + "\n";
  }
  return lines;
}

std::string failure_line(std::string_view verb, const CardOutcome& outcome) {
  if (outcome.ok()) return {};
  return "gpupci: cannot " + std::string(verb) + " " + outcome.name + ": " + message(outcome) +
         "\n";
}

}  // namespace cluster::agent
