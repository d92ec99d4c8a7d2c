#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/rolls.h"
#include "cmd/vm_fragments.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/archive.h"
#include "rolls/folder.h"
#include "rolls/new_roll.h"

namespace cluster::cmd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhatText =
    "A roll is a folder with a roll.yaml, or its archive: docs/rolls.md. It is checked as a whole "
    "before anything\n"
    "is stored, and copied to `rolls` beside the inventory; it does nothing until `cluster enable "
    "roll`.";

// A folder for what is on its way into the store; gone unless it was moved there.
class Staging {
 public:
  explicit Staging(const fs::path& store) {
    std::error_code failed;
    fs::create_directories(store, failed);
    if (failed) {
      throw Error(Fault::io, "cannot make " + quote(store.native()) + ": " + failed.message());
    }
    std::string name = (store / ".new-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) {
      throw Error(Fault::io,
                  "cannot make a folder in " + quote(store.native()) + ": " + errno_text(errno));
    }
    path_ = name;
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// A command of a roll that can never be reached, or that would hide the help of built-in ones.
void refuse_shadowing(const rolls::Roll& roll, const std::vector<rolls::Roll>& others) {
  const auto starts = [](const std::string& path, std::string_view with) {
    return path == with || path.starts_with(std::string(with) + " ");
  };
  for (const auto& own : roll.commands) {
    for (const auto& command : commands()) {
      if (starts(own.path, command.path) || starts(std::string(command.path), own.path)) {
        throw Error(Fault::refused, "roll " + quote(roll.name) + " has a command " +
                                        quote(own.path) + ", and there is " + quote(command.path) +
                                        " already");
      }
    }
    for (const auto& other : others) {
      for (const auto& command : other.commands) {
        if (other.name != roll.name &&
            (starts(own.path, command.path) || starts(command.path, own.path))) {
          throw Error(Fault::refused, "roll " + quote(roll.name) + " has a command " +
                                          quote(own.path) + ", and roll " + quote(other.name) +
                                          " has " + quote(command.path));
        }
      }
    }
  }
}

// The rolls that are enabled, and `roll` in the place of its other version.
std::vector<rolls::Roll> enabled_with(Inventory& inventory, const rolls::Roll& roll) {
  auto rolls = enabled_rolls(inventory);
  std::erase_if(rolls, [&](const rolls::Roll& one) { return one.name == roll.name; });
  rolls.push_back(roll);
  return rolls;
}

struct AddArgs {
  std::string from;
};

int run_add(Context& context, const AddArgs& args) {
  const fs::path from = args.from;
  std::error_code unseen;
  if (!fs::exists(from, unseen)) {
    throw Error(Fault::not_found, "there is no " + quote(args.from) +
                                      " (want a roll's folder or "
                                      "its .tar.gz)");
  }
  const bool is_folder = fs::is_directory(from, unseen);
  if (is_folder) rolls::read_roll(from, from.native());  // before anything is made
  auto& inventory = context.inventory(Inventory::Open::create);
  const auto store = rolls_folder(inventory);
  const Staging staging(store);
  auto folder = staging.path() / "roll";
  if (is_folder) {
    rolls::copy_folder(from, rolls::list_folder(from, from.native()), folder);
  } else {
    rolls::unpack(from, staging.path());
    folder = rolls::find_roll_folder(staging.path());
  }
  const auto roll = rolls::read_roll(folder, from.native());
  refuse_shadowing(roll, {});
  check_fragments(roll);
  rolls::refuse_cycles(enabled_with(inventory, roll));
  const auto target = store / roll.full_name();
  inventory.add_roll({roll.name, roll.version, roll.arch, false, rolls::checksum_of(folder)}, [&] {
    std::error_code failed;
    fs::remove_all(target, failed);  // left by an `add roll` that was killed
    if (!failed) fs::rename(folder, target, failed);
    if (failed) {
      throw Error(Fault::io, "cannot make " + quote(target.native()) + ": " + failed.message());
    }
  });
  return 0;
}

Action declare_add(CLI::App& app) {
  auto args = std::make_shared<AddArgs>();
  app.add_option("ROLL", args->from, "archive (gpupt-1.0.0.tar.gz) or folder of the roll")
      ->required();
  app.footer(kWhatText);
  return [args](Context& context) { return run_add(context, *args); };
}

struct RollArgs {
  std::string name;
  std::string version;

  void declare(CLI::App& app) {
    app.add_option("ROLL", name, "name of the roll")->required();
    app.add_option("--version", version, "which one, when there are several");
  }
};

int run_enable(Context& context, const RollArgs& args) {
  auto& inventory = context.inventory();
  const auto stored = find_roll(inventory, args.name, args.version);
  const auto roll = read_stored(inventory, stored);
  const auto rolls = enabled_with(inventory, roll);
  rolls::with_required(roll, rolls);
  refuse_shadowing(roll, rolls);
  inventory.enable_roll(stored.name, stored.version);
  return 0;
}

Action declare_enable(CLI::App& app) {
  auto args = std::make_shared<RollArgs>();
  args->declare(app);
  app.footer(
      "At most one version of a roll is enabled: another one no longer is. What it requires has to "
      "be enabled.");
  return [args](Context& context) { return run_enable(context, *args); };
}

int run_disable(Context& context, const RollArgs& args) {
  auto& inventory = context.inventory();
  const auto stored = find_roll(inventory, args.name, args.version);
  for (const auto& other : inventory.rolls()) {
    // One that was changed cannot be run, so it needs nothing.
    if (!other.enabled || other.name == stored.name || is_changed(inventory, other)) continue;
    for (const auto& required : read_stored(inventory, other).requires_rolls) {
      if (required.name != stored.name) continue;
      throw Error(Fault::refused, "roll " + quote(other.name) + " requires roll " +
                                      quote(stored.name) + ": first `cluster disable roll " +
                                      other.name + "`");
    }
  }
  inventory.disable_roll(stored.name, stored.version);
  return 0;
}

Action declare_disable(CLI::App& app) {
  auto args = std::make_shared<RollArgs>();
  args->declare(app);
  return [args](Context& context) { return run_disable(context, *args); };
}

int run_remove(Context& context, const RollArgs& args) {
  auto& inventory = context.inventory();
  const auto stored = find_roll(inventory, args.name, args.version);
  inventory.remove_roll(stored.name, stored.version);
  std::error_code failed;
  fs::remove_all(folder_of(inventory, stored), failed);
  if (failed) {
    throw Error(Fault::io, "the roll is out of the inventory, but its folder cannot be removed: " +
                               quote(folder_of(inventory, stored).native()) + ": " +
                               failed.message());
  }
  return 0;
}

Action declare_remove(CLI::App& app) {
  auto args = std::make_shared<RollArgs>();
  args->declare(app);
  app.footer("Refused while it is enabled. What it did on hosts stays.");
  return [args](Context& context) { return run_remove(context, *args); };
}

struct NamesArgs {
  std::vector<std::string> names;
};

std::vector<StoredRoll> selected(Inventory& inventory, const NamesArgs& args) {
  for (const auto& name : args.names) find_roll(inventory, name, "");
  auto rolls = inventory.rolls();
  std::erase_if(rolls, [&](const StoredRoll& roll) {
    return !args.names.empty() && std::ranges::find(args.names, roll.name) == args.names.end();
  });
  return rolls;
}

int run_list(Context& context, const NamesArgs& args) {
  auto& inventory = context.inventory();
  Table table{{"name", "version", "arch", "enabled", "state"}, {}};
  for (const auto& roll : selected(inventory, args)) {
    table.rows.push_back({roll.name, roll.version, roll.arch, roll.enabled ? "yes" : "no",
                          is_changed(inventory, roll) ? "changed" : "ok"});
  }
  context.output.table(table);
  return 0;
}

Action declare_list(CLI::App& app) {
  auto args = std::make_shared<NamesArgs>();
  app.add_option("ROLL", args->names, "rolls to show [all]");
  app.footer(
      "STATE is changed when the stored folder is no longer what was added: such a roll is not "
      "run.");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_dump(Context& context, const NamesArgs& args) {
  auto& inventory = context.inventory();
  const auto rolls = selected(inventory, args);
  for (const auto& roll : rolls) {
    context.output.line("cluster add roll " + shell_word(folder_of(inventory, roll).native()));
  }
  // After all are added, and what is required before what requires it.
  std::vector<rolls::Roll> enabled;
  for (const auto& roll : rolls) {
    if (roll.enabled) enabled.push_back(read_stored(inventory, roll));
  }
  const auto every = enabled_rolls(inventory);
  std::vector<std::string> lines;
  for (const auto& roll : enabled) {
    for (const auto* one : rolls::with_required(roll, every)) {
      const auto line = "cluster enable roll " + one->name + " version=" + one->version;
      if (std::ranges::find(lines, line) == lines.end()) lines.push_back(line);
    }
  }
  for (const auto& line : lines) context.output.line(line);
  return 0;
}

Action declare_dump(CLI::App& app) {
  auto args = std::make_shared<NamesArgs>();
  app.add_option("ROLL", args->names, "rolls to write down [all]");
  app.footer("The folders are named as they are stored: keep `rolls` beside the inventory too.");
  return [args](Context& context) { return run_dump(context, *args); };
}

struct CreateArgs {
  std::string folder;
  std::string archive;
};

int run_create(Context&, const CreateArgs& args) {
  const auto roll = rolls::read_roll(args.folder, args.folder);
  refuse_shadowing(roll, {});
  check_fragments(roll);
  const fs::path archive = args.archive.empty() ? roll.full_name() + ".tar.gz" : args.archive;
  const fs::path fresh = archive.native() + ".new";
  rolls::pack(args.folder, roll.full_name(), fresh);
  std::error_code failed;
  fs::rename(fresh, archive, failed);
  if (failed) {
    throw Error(Fault::io, "cannot make " + quote(archive.native()) + ": " + failed.message());
  }
  return 0;
}

Action declare_create(CLI::App& app) {
  auto args = std::make_shared<CreateArgs>();
  app.add_option("FOLDER", args->folder, "the roll's folder")->required();
  app.add_option("ARCHIVE,--output", args->archive, "file to make [NAME-VERSION.tar.gz here]");
  app.footer("The same folder gives the same bytes.");
  return [args](Context& context) { return run_create(context, *args); };
}

struct NewArgs {
  std::string name;
  std::string folder;
};

Action declare_new(CLI::App& app) {
  auto args = std::make_shared<NewArgs>();
  app.add_option("NAME", args->name, "lower case letters, digits and '-'")->required();
  app.add_option("FOLDER,--folder", args->folder, "folder to make [NAME here]");
  app.footer("It has one of everything and works: change it, then `cluster add roll FOLDER`.");
  return [args](Context&) {
    rolls::lay_out(args->folder.empty() ? args->name : args->folder, args->name);
    return 0;
  };
}

constexpr std::array kCommands{
    Command{"add roll", "check a roll and store it", declare_add},
    Command{"create new roll", "lay out a roll that works, to be changed", declare_new},
    Command{"create roll", "make the archive of a roll's folder", declare_create},
    Command{"disable roll", "let a roll rest", declare_disable},
    Command{"dump roll", "print the commands that add the rolls again", declare_dump},
    Command{"enable roll", "let a roll count", declare_enable},
    Command{"list roll", "show the rolls", declare_list},
    Command{"remove roll", "take a roll out of the inventory", declare_remove},
};

}  // namespace

std::span<const Command> roll_commands() { return kCommands; }

}  // namespace cluster::cmd
