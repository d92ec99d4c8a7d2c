#include "cmd/roll_attr.h"

#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/text.h"
#include "frontend/rolls/roll_store.h"

namespace cluster::cmd {
namespace roll_attr {
namespace {

struct Args {
  std::vector<std::string> names;
};

int run_list(Context& context, const Args& args) {
  auto& inventory = context.inventory();
  auto stored = frontend::select_rolls(inventory, args.names);
  std::erase_if(stored,
                [&](const StoredRoll& roll) { return args.names.empty() && !roll.enabled; });
  Table table{{"roll", "version", "attr", "values", "default", "help"}, {}};
  for (const auto& roll : frontend::described(inventory, stored)) {
    for (const auto& one : roll.attributes) {
      table.rows.push_back({roll.name, roll.version, one.name, cell(one.values, ", "),
                            known(one.value), known(one.help)});
    }
  }
  context.output.table(table);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("ROLL", args->names, "rolls whose attributes [the enabled ones]");
  return [args](Context& context) { return run_list(context, *args); };
}

constexpr std::array kCommands{
    Command{"list roll attr", "show the attributes that can be set for rolls", kPrepareHosts,
            declare_list, Answer::table},
};

}  // namespace
}  // namespace roll_attr

std::span<const Command> roll_attr_commands() { return roll_attr::kCommands; }

bool concerns(const rolls::Roll& roll, std::string_view appliance) {
  if (roll.hosts.empty() && roll.vm.empty()) return true;  // only commands, for all
  return roll.part_for(appliance) != nullptr || (appliance == "vm" && !roll.vm.empty());
}

void check_roll_attribute(Inventory& inventory, const std::string& name, const std::string& value) {
  auto stored = inventory.rolls();
  std::erase_if(stored, [&](const StoredRoll& roll) {
    return !name.starts_with(rolls::attribute_prefix(roll.name));
  });
  const auto rolls = frontend::described(inventory, stored);
  std::vector<const rolls::RollAttribute*> same;
  std::vector<std::string> names;
  for (const auto& roll : rolls) {
    for (const auto& one : roll.attributes) {
      names.push_back(one.name);
      if (one.name == name) same.push_back(&one);
    }
  }
  if (rolls.empty()) return;
  if (same.empty()) {
    throw Error(Fault::usage, "no attribute of roll " + quote(rolls[0].name) + " is called " +
                                  quote(name) + did_you_mean(name, names) +
                                  " (`cluster list roll attr " + rolls[0].name + "`)");
  }
  // If there are several versions, the value has to be valid for one of them.
  for (std::size_t i = 0; i < same.size(); ++i) {
    try {
      return same[i]->check(value);
    } catch (const Error&) {
      if (i + 1 == same.size()) throw;
    }
  }
}

}  // namespace cluster::cmd
