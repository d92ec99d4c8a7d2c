#include <algorithm>
#include <array>
#include <optional>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/new_names.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "db/network.h"

namespace cluster::cmd {
namespace appliance {
namespace {

// Those that the schema itself adds, as they are there.
constexpr std::array<std::pair<std::string_view, bool>, 4> kDefaults{
    {{"compute", true}, {"frontend", false}, {"vm", false}, {"vm-container", true}}};

// The appliances that are named, all without a name.
std::vector<Appliance> chosen(Inventory& inventory, const std::vector<std::string>& names) {
  auto all = inventory.appliances_in_full();
  for (const auto& name : names) inventory.require_appliance(name);
  std::erase_if(all, [&](const Appliance& one) {
    return !names.empty() && std::ranges::find(names, one.name) == names.end();
  });
  return all;
}

struct AddArgs {
  std::string name;
  std::string managed = "yes";
};

int run_add(Context& context, const AddArgs& args) {
  const Appliance appliance{parse_short_name("appliance", args.name),
                            parse_yes_no("managed", args.managed)};
  auto& inventory = context.inventory(Inventory::Open::create);
  inventory.together("add appliance", [&] {
    // The name selects hosts, as a host's own does.
    if (inventory.find_host(HostName(appliance.name))) {
      throw Error(Fault::exists, "appliance " + quote(appliance.name) + ": a host has this name");
    }
    inventory.add_appliance(appliance);
  });
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<AddArgs>();
  options.argument("APPLIANCE", args->name, "name of the new appliance").required();
  options.key("managed", args->managed, "whether commands without names go to its hosts [yes]");
  return [args](Context& context) { return run_add(context, *args); };
}

struct SetArgs {
  std::vector<std::string> appliances;
  std::optional<std::string> managed;
};

int run_set(Context& context, const SetArgs& args) {
  if (!args.managed) throw Error(Fault::usage, "set appliance: nothing to set (want managed=)");
  const bool managed = parse_yes_no("managed", *args.managed);
  auto& inventory = context.inventory();
  inventory.together("set appliance", [&] {
    for (auto& appliance : chosen(inventory, args.appliances)) {
      appliance.managed = managed;
      inventory.set_appliance(appliance);
    }
  });
  return 0;
}

Action declare_set(Options& options) {
  auto args = std::make_shared<SetArgs>();
  options.argument("APPLIANCE", args->appliances, "appliances to change").required();
  options.key("managed", args->managed, "whether commands without names go to its hosts");
  return [args](Context& context) { return run_set(context, *args); };
}

struct ApplianceArgs {
  std::vector<std::string> appliances;
};

int run_list(Context& context, const ApplianceArgs& args) {
  Table table{{"appliance", "managed", "hosts"}, {}};
  for (const auto& one : chosen(context.inventory(), args.appliances)) {
    table.rows.push_back({one.name, one.managed ? "yes" : "no", std::int64_t{one.hosts}});
  }
  context.output.table(table);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<ApplianceArgs>();
  options.argument("APPLIANCE", args->appliances, "appliances to show [all]");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_remove(Context& context, const ApplianceArgs& args) {
  auto& inventory = context.inventory();
  inventory.together("remove appliance", [&] {
    for (const auto& name : args.appliances) inventory.remove_appliance(name);
  });
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<ApplianceArgs>();
  options.argument("APPLIANCE", args->appliances, "appliances to remove").required();
  return [args](Context& context) { return run_remove(context, *args); };
}

int run_dump(Context& context, const ApplianceArgs& args) {
  for (const auto& one : chosen(context.inventory(), args.appliances)) {
    const auto at = std::ranges::find(kDefaults, one.name, &decltype(kDefaults)::value_type::first);
    if (at != kDefaults.end() && at->second == one.managed) continue;
    context.output.line(std::string("cluster ") + (at == kDefaults.end() ? "add" : "set") +
                        " appliance " + one.name + " managed=" + (one.managed ? "yes" : "no"));
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<ApplianceArgs>();
  options.argument("APPLIANCE", args->appliances, "appliances to write down [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"add appliance", "record a kind of hosts of your own", kKeepInventory, declare_add},
    Command{"dump appliance", "print the commands that add the appliances again", kKeepInventory,
            declare_dump},
    Command{"list appliance", "show the appliances", kKeepInventory, declare_list, Answer::table},
    Command{"remove appliance", "take appliances out of the inventory", kKeepInventory,
            declare_remove},
    Command{"set appliance", "change an appliance", kKeepInventory, declare_set},
};

}  // namespace
}  // namespace appliance

std::span<const Command> appliance_commands() { return appliance::kCommands; }

}  // namespace cluster::cmd
