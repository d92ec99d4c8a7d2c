#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/binding/running_vms.h"
#include "node-agent/binding/signal_hold.h"
#include "node-agent/json_line.h"
#include "node-agent/state/lock.h"
#include "node-agent/transaction/set_vfs.h"

namespace cluster::agent {
namespace {

long long parse_count(const std::string& text) {
  const auto count = parse_number(text);
  if (!count) {
    throw Error(Fault::usage,
                "not a number of virtual functions: " + quote(text) + " (want 0 or more)");
  }
  return *count;
}

struct VfsOutcome {
  bool changed = false;
  std::string error{};
};

VfsOutcome try_set(const Call& call, const Card& card, long long count, const CardList& card_list,
                   SliceSteps& steps) {
  RunningVms vms(call.environment, card_list.sysfs(), card_list.settings(), call.err);
  VfsOutcome outcome;
  try {
    steps.concern(card.pci());
    SliceRecord record(call.environment.slices, call.environment.machine());
    const auto input = guard_input(call.environment, card_list.sysfs(), card_list.settings(),
                                   [&] { return vms.devices_or_warning(); });
    outcome.changed = set_vfs({.card = card,
                               .wanted = count,
                               .input = input,
                               .environment = call.environment,
                               .forced = call.options.forced},
                              record, steps);
  } catch (const Error& error) {
    outcome.error = error.what();
  }
  return outcome;
}

void print(const Call& call, const Card& card, long long count, const SliceSteps& steps,
           const VfsOutcome& outcome) {
  if (call.options.json) {
    call.out << json_line({{"action", "vfs"},
                           {"dry_run", !steps.acts()},
                           {"name", card.label()},
                           {"pci", card.pci().libvirt()},
                           {"vfs", count},
                           {"error", or_null(outcome.error)},
                           {"steps", steps.all()}});
  } else if (!steps.acts()) {
    for (const auto& step : steps.all()) call.out << step + "\n";
  } else if (outcome.error.empty()) {
    call.out << "GPU card '" + card.label() + "' has " + std::to_string(count) +
                    " virtual function" + (count == 1 ? "" : "s") +
                    (outcome.changed ? "" : " already") + "\n";
  }
  if (!outcome.error.empty()) {
    call.err << "gpupci: cannot set the virtual functions of " + card.label() + ": " +
                    outcome.error + "\n";
  }
}

}  // namespace

int vfs(const Call& call) {
  const auto target = call.options.argument(0);
  const auto count = parse_count(call.options.argument(1));
  const bool dry_run = call.options.dry_run;
  CardList card_list(call.environment, call.err, dry_run);
  auto cards = card_list.pick(target);
  if (cards.empty()) return not_found(call, card_list, target);
  std::optional<Lock> lock;
  if (!dry_run) {
    lock.emplace(call.environment.lock, call.environment.lock_patience);
    cards = card_list.pick(target, *lock);
    if (cards.empty()) throw Error(Fault::not_found, target + " has just gone");
  }
  const SignalHold hold;
  SliceSteps steps(call.environment, dry_run ? virt::Mode::dry_run : virt::Mode::act);
  const auto outcome = try_set(call, cards.front(), count, card_list, steps);
  print(call, cards.front(), count, steps, outcome);
  return outcome.error.empty() ? 0 : exit_status(Fault::refused);
}

}  // namespace cluster::agent
