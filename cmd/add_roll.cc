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
#include "frontend/rolls/roll_arrival.h"
#include "frontend/rolls/roll_cache.h"
#include "frontend/rolls/roll_store.h"
#include "frontend/vms/vm_fragments.h"
#include "rolls/engine/archive.h"
#include "rolls/engine/folder.h"
#include "rolls/engine/shell_check.h"

namespace cluster::cmd {
namespace add_roll {
namespace {

namespace fs = std::filesystem;

// Refuses a circle of this roll and the stored rolls, enabled or not. If a roll has several
// versions, the enabled one counts, else the newest.
void refuse_circles(Inventory& inventory, const rolls::Roll& roll) {
  auto stored = inventory.rolls();
  std::erase_if(stored, [&](const StoredRoll& one) { return one.name == roll.name; });
  std::ranges::reverse(stored);
  std::ranges::stable_sort(stored, std::ranges::greater(), &StoredRoll::enabled);
  auto all = frontend::described(inventory, stored);
  all.insert(all.begin(), roll);
  rolls::refuse_cycles(all);
}

// An appliance that is not there may come later, but hardly one that is almost called as another.
void refuse_typos(const rolls::Roll& roll, const std::vector<std::string>& appliances) {
  for (const auto& part : roll.hosts) {
    if (std::ranges::find(appliances, part.appliance) != appliances.end()) continue;
    const auto hint = did_you_mean(part.appliance, appliances);
    if (!hint.empty()) {
      throw Error(Fault::usage,
                  part.where + ": there is no appliance " + quote(part.appliance) + hint);
    }
  }
}

bool has_row(Inventory& inventory, const StoredRoll& roll) {
  return std::ranges::any_of(inventory.rolls(), [&](const StoredRoll& other) {
    return other.name == roll.name && other.version == roll.version;
  });
}

std::vector<std::string> rolls_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    names.push_back(entry.path().filename());
  }
  return names;
}

// What `from` means: a path, or the name of a roll in the folder `installed`. Whoever writes into
// the folder where this is typed must not bring another roll by that name.
fs::path roll_at(const std::string& from, const fs::path& installed) {
  std::error_code unseen;
  const bool is_here = fs::exists(from, unseen);
  const bool is_name = from.find('/') == std::string::npos && !installed.empty();
  auto named = installed / from;
  if (is_name && fs::exists(named / "roll.yaml", unseen)) {
    if (!is_here || fs::equivalent(from, named, unseen)) return named;
    throw Error(Fault::usage, quote(from) + " is here, and an installed roll: want " +
                                  quote("./" + from) + " or " + quote(named.native()));
  }
  if (is_here) return from;
  if (!is_name) {
    throw Error(Fault::not_found,
                "there is no " + quote(from) + " (want a roll's folder or its .tar.gz)");
  }
  throw Error(Fault::not_found, "no roll " + quote(from) + " is here or in " +
                                    quote(installed.native()) +
                                    did_you_mean(from, rolls_in(installed)));
}

struct AddArgs {
  std::string from;
};

int run_add(Context& context, const AddArgs& args) {
  const auto from = roll_at(args.from, context.installed_rolls);
  std::error_code unseen;
  const bool is_folder = fs::is_directory(from, unseen);
  // Before anything is made.
  if (is_folder) rolls::check_shell(rolls::read_roll(from, from.native()));
  auto& inventory = context.inventory(Inventory::Open::create);
  const auto [store, is_cache] = frontend::roll_place(inventory);
  const frontend::StoreFolder made(store);
  std::error_code failed;
  const frontend::StoreLock lock(store);
  const frontend::Staging staging(store);
  auto folder = staging.path() / "roll";
  if (is_folder) {
    rolls::copy_folder(from, rolls::list_folder(from, from.native()), folder);
  } else {
    fs::create_directory(folder, failed);
    rolls::unpack(from, folder);
    folder = rolls::find_roll_folder(folder);
  }
  const auto roll = rolls::read_roll(folder, from.native());
  if (!is_folder) rolls::check_shell(roll);
  refuse_typos(roll, inventory.appliances());
  refuse_clashes(roll, {});
  frontend::check_fragments(roll);
  const auto checksum = rolls::checksum_of(folder);
  const StoredRoll stored{roll.name, roll.version, roll.arch, false, checksum};
  if (is_cache) {
    std::vector<KeptFile> files;
    if (!has_row(inventory, stored)) files = frontend::send_files(inventory, folder);
    frontend::on_checked_rolls(
        inventory, "add roll", [&] { refuse_circles(inventory, roll); },
        [&] { InventoryFiles(inventory).add_roll(stored, files); });
    return 0;
  }
  refuse_circles(inventory, roll);  // while the store is locked nobody else adds one
  // The folder comes first: then a row always has its folder, whenever the command is killed. While
  // the store is locked no other command adds the row.
  std::optional<frontend::Placed> placed;
  if (!has_row(inventory, stored)) placed.emplace(folder, stored, store);
  inventory.add_roll(stored);  // refuses a row that is there
  if (placed) placed->keep();
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<AddArgs>();
  options
      .argument("ROLL", args->from,
                "name of an installed roll (gpupt), or a roll's folder or archive")
      .required();
  return [args](Context& context) { return run_add(context, *args); };
}

constexpr std::array kCommands{
    Command{"add roll", "check a roll and store it", kPrepareHosts, declare_add},
};

}  // namespace
}  // namespace add_roll

std::span<const Command> add_roll_commands() { return add_roll::kCommands; }

}  // namespace cluster::cmd
