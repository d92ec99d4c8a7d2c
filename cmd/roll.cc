#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/roll_clashes.h"
#include "core/error.h"
#include "core/text.h"
#include "frontend/rolls/checked_rolls.h"
#include "frontend/rolls/roll_cache.h"
#include "frontend/rolls/roll_store.h"
#include "frontend/vms/vm_fragments.h"
#include "rolls/engine/archive.h"
#include "rolls/engine/new_roll.h"
#include "rolls/engine/shell_check.h"

namespace cluster::cmd {
namespace roll {
namespace {

namespace fs = std::filesystem;

struct RollArgs {
  std::string name;
  std::string version;

  void declare(Options& options) {
    options.argument("ROLL", name, "name of the roll").required();
    options.key("version", version, "which one, when there are several");
  }
};

int run_enable(Context& context, const RollArgs& args) {
  auto& inventory = context.inventory();
  const frontend::StoreLock lock(frontend::rolls_folder(inventory));
  std::optional<StoredRoll> stored;
  frontend::on_checked_rolls(
      inventory, "enable roll",
      [&] {
        stored = frontend::find_roll(inventory, args.name, args.version);
        const auto roll = frontend::read_stored(inventory, *stored);
        const auto rolls = frontend::enabled_with(inventory, roll);
        rolls::with_required(roll, rolls);
        refuse_clashes(roll, rolls);
      },
      [&] { inventory.enable_roll(stored->name, stored->version); });
  return 0;
}

Action declare_enable(Options& options) {
  auto args = std::make_shared<RollArgs>();
  args->declare(options);
  return [args](Context& context) { return run_enable(context, *args); };
}

// Refuses while a roll that is enabled requires `stored`.
void refuse_while_required(Inventory& inventory, const StoredRoll& stored) {
  for (const auto& other :
       stored.enabled ? frontend::described_rolls(inventory) : std::vector<rolls::Roll>()) {
    const auto& needs = other.requires_rolls;
    if (std::ranges::find(needs, stored.name, &rolls::Requirement::name) == needs.end()) continue;
    // A roll that was changed cannot be run, so it needs nothing.
    if (frontend::is_changed(inventory, frontend::find_roll(inventory, other.name, other.version)))
      continue;
    throw Error(Fault::refused, "roll " + quote(other.name) + " requires roll " +
                                    quote(stored.name) + ": first `cluster disable roll " +
                                    other.name + "`");
  }
}

int run_disable(Context& context, const RollArgs& args) {
  auto& inventory = context.inventory();
  const frontend::StoreLock lock(frontend::rolls_folder(inventory));
  std::optional<StoredRoll> stored;
  frontend::on_checked_rolls(
      inventory, "disable roll",
      [&] {
        stored = frontend::find_roll(inventory, args.name, args.version);
        refuse_while_required(inventory, *stored);
      },
      [&] { inventory.disable_roll(stored->name, stored->version); });
  return 0;
}

Action declare_disable(Options& options) {
  auto args = std::make_shared<RollArgs>();
  args->declare(options);
  return [args](Context& context) { return run_disable(context, *args); };
}

int run_remove(Context& context, const RollArgs& args) {
  auto& inventory = context.inventory();
  const auto place = frontend::roll_place(inventory);
  const frontend::StoreLock lock(place.folder);
  const auto stored = frontend::find_roll(inventory, args.name, args.version);
  // The folder is moved away with one call: a folder that is half removed would be another roll.
  const frontend::Staging staging(place.folder);
  const auto folder = place.is_cache ? frontend::cached_folder(stored)
                                     : frontend::folder_of(inventory, stored, place);
  if (place.is_cache) {
    InventoryFiles(inventory).remove_roll(stored);
  } else {
    inventory.remove_roll(stored.name, stored.version);
  }
  std::error_code failed;
  fs::rename(folder, staging.path() / "roll", failed);
  if (failed && failed != std::errc::no_such_file_or_directory) {
    throw Error(Fault::io, "the roll is out of the inventory, but its folder cannot be removed: " +
                               quote(folder.native()) + ": " + failed.message());
  }
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<RollArgs>();
  args->declare(options);
  return [args](Context& context) { return run_remove(context, *args); };
}

struct NamesArgs {
  std::vector<std::string> names;
};

int run_list(Context& context, const NamesArgs& args) {
  auto& inventory = context.inventory();
  Table table{{"name", "version", "arch", "enabled", "state"}, {}};
  const auto place = frontend::roll_place(inventory);
  for (const auto& roll : frontend::select_rolls(inventory, args.names)) {
    table.rows.push_back({roll.name, roll.version, roll.arch, roll.enabled ? "yes" : "no",
                          frontend::is_changed(inventory, roll, place) ? "changed" : "ok"});
  }
  context.output.table(table);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<NamesArgs>();
  options.argument("ROLL", args->names, "rolls to show [all]");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_dump(Context& context, const NamesArgs& args) {
  auto& inventory = context.inventory();
  const auto rolls = frontend::select_rolls(inventory, args.names);
  const auto place = frontend::roll_place(inventory);
  for (const auto& roll : rolls) {
    context.output.line("cluster add roll " +
                        shell_word(frontend::folder_of(inventory, roll, place).native()));
  }
  // These lines come after all rolls are added. A required roll comes before the roll that requires
  // it.
  const auto enabled = frontend::enabled_rolls(inventory);
  std::vector<std::string> lines;
  for (const auto& stored : rolls) {
    if (!stored.enabled) continue;
    const auto roll = std::ranges::find(enabled, stored.name, &rolls::Roll::name);
    for (const auto* one : rolls::with_required(*roll, enabled)) {
      const auto line = "cluster enable roll " + one->name + " version=" + one->version;
      if (std::ranges::find(lines, line) == lines.end()) lines.push_back(line);
    }
  }
  for (const auto& line : lines) context.output.line(line);
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<NamesArgs>();
  options.argument("ROLL", args->names, "rolls to write down [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

struct CreateArgs {
  std::string folder;
  std::string archive;
};

int run_create(Context&, const CreateArgs& args) {
  const auto roll = rolls::read_roll(args.folder, args.folder);
  rolls::check_shell(roll);
  refuse_clashes(roll, {});
  frontend::check_fragments(roll);
  const fs::path archive = args.archive.empty() ? roll.full_name() + ".tar.gz" : args.archive;
  std::error_code failed;
  const auto inside = fs::weakly_canonical(fs::absolute(archive), failed)
                          .lexically_relative(fs::weakly_canonical(args.folder, failed))
                          .native();
  if (!inside.starts_with("..")) {
    throw Error(Fault::refused, quote(archive.native()) +
                                    " would be in the roll itself; want ARCHIVE in another folder");
  }
  const fs::path fresh = archive.native() + ".new";
  try {
    rolls::pack(args.folder, roll.full_name(), fresh);
  } catch (const Error&) {
    fs::remove(fresh, failed);
    throw;
  }
  fs::rename(fresh, archive, failed);
  if (failed) {
    throw Error(Fault::io, "cannot make " + quote(archive.native()) + ": " + failed.message());
  }
  return 0;
}

Action declare_create(Options& options) {
  auto args = std::make_shared<CreateArgs>();
  options.argument("FOLDER", args->folder, "the roll's folder").required();
  options.argument("ARCHIVE", args->archive, "file to make [NAME-VERSION.tar.gz here]")
      .or_key("output");
  return [args](Context& context) { return run_create(context, *args); };
}

struct NewArgs {
  std::string name;
  std::string folder;
};

Action declare_new(Options& options) {
  auto args = std::make_shared<NewArgs>();
  options.argument("NAME", args->name, "lower case letters, digits and '-'").required();
  options.argument("FOLDER", args->folder, "folder to make [NAME here]").or_key("folder");
  return [args](Context&) {
    rolls::lay_out(args->folder.empty() ? args->name : args->folder, args->name);
    return 0;
  };
}

constexpr std::array kCommands{
    Command{"create new roll", "make a small roll that works, to start from", kPrepareHosts,
            declare_new},
    Command{"create roll", "make the archive of a roll's folder", kPrepareHosts, declare_create},
    Command{"disable roll", "stop using a roll", kPrepareHosts, declare_disable},
    Command{"dump roll", "print the commands that add the rolls again", kKeepInventory,
            declare_dump},
    Command{"enable roll", "start using a roll that is stored", kPrepareHosts, declare_enable},
    Command{"list roll", "show the rolls", kPrepareHosts, declare_list, Answer::table},
    Command{"remove roll", "take a roll out of the inventory", kPrepareHosts, declare_remove},
};

}  // namespace
}  // namespace roll

std::span<const Command> roll_commands() { return roll::kCommands; }

}  // namespace cluster::cmd
