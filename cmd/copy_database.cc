#include <array>
#include <system_error>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/text.h"
#include "db/rows.h"
#include "frontend/rolls/roll_arrival.h"

namespace cluster::cmd {
namespace copy_database {
namespace {

namespace fs = std::filesystem;

struct Args {
  std::string from;
  std::string to;
};

int run(Context& context, const Args& args) {
  if (context.place.said_by == "--db") {
    throw Error(Fault::usage, "--db names one inventory: want FROM and TO");
  }
  const auto from = named_place(args.from, "FROM").file;
  const auto to = named_place(args.to, "TO").file;
  const auto refuse_same = [&](bool same) {
    if (!same) return;
    throw Error(Fault::usage, quote(args.to) + " is the inventory that is copied: want another TO");
  };
  std::error_code unknown;
  refuse_same(from == to || fs::equivalent(from, to, unknown));
  Inventory source(from, Inventory::Open::existing);
  Inventory target(to, Inventory::Open::create);
  refuse_same(source.where() == target.where());
  InventoryRows rows(target);
  rows.require_empty();  // before the folders of rolls are copied
  Table table{{"table", "rows"}, {}};
  frontend::CopiedRolls rolls(source, target);
  target.together("copy database", [&] {
    for (const auto& copied : InventoryRows(source).copy_to(rows)) {
      table.rows.push_back({copied.name, std::int64_t{copied.rows}});
    }
    rolls.name();
  });
  rolls.keep();
  context.output.table(table);
  return 0;
}

Action declare(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("FROM", args->from, "the inventory to copy, as --db names it").required();
  options.argument("TO", args->to, "a new inventory: a file that is not there yet, or a database")
      .required();
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"copy database", "copy the whole inventory to another place or engine", kKeepInventory,
            declare, Answer::table},
};

}  // namespace
}  // namespace copy_database

std::span<const Command> copy_database_commands() { return copy_database::kCommands; }

}  // namespace cluster::cmd
