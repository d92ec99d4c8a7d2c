#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "cmd/command_table.h"
#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/line/parse.h"
#include "cmd/new_names.h"
#include "cmd/row_check.h"
#include "core/command_reader.h"
#include "core/error.h"
#include "core/file.h"
#include "core/keys.h"
#include "core/names.h"
#include "core/text.h"
#include "db/rows.h"
#include "frontend/neighbours/neighbour.h"

namespace cluster::cmd {
namespace load {
namespace {

// The commands that touch the inventory and nothing else: no host, no file, no folder.
constexpr std::array<std::string_view, 30> kLoadable{"add appliance",
                                                     "add appliance attr",
                                                     "add attr",
                                                     "add host",
                                                     "add host attr",
                                                     "add host gpu",
                                                     "add host interface",
                                                     "add host key",
                                                     "add host vm",
                                                     "add network",
                                                     "add row",
                                                     "remove appliance",
                                                     "remove appliance attr",
                                                     "remove attr",
                                                     "remove host",
                                                     "remove host attr",
                                                     "remove host gpu",
                                                     "remove host interface",
                                                     "remove host key",
                                                     "remove host vm",
                                                     "remove network",
                                                     "set appliance",
                                                     "set appliance attr",
                                                     "set attr",
                                                     "set host",
                                                     "set host attr",
                                                     "set host gpu",
                                                     "set host interface",
                                                     "set host vm",
                                                     "set network"};

struct RowArgs {
  std::string table;
  std::vector<std::string> values;
};

// Takes words such as `name=gpupci1` apart, from the third on.
void read_values(const std::vector<std::string>& words, std::size_t first,
                 InventoryRows::Values& values) {
  values.clear();
  for (std::size_t i = first; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto end = word.find('=');
    if (end == std::string_view::npos || end == 0) {
      throw Error(Fault::usage, quote(word) + " is no COLUMN=VALUE");
    }
    values.emplace_back(word.substr(0, end), word.substr(end + 1));
  }
}

int run_add_row(Context& context, const RowArgs& args) {
  InventoryRows::Values values;
  read_values(args.values, 0, values);
  auto& inventory = context.inventory(Inventory::Open::create);
  check_row(inventory.appliances(), args.table, values);
  InventoryRows(inventory).add(args.table, values);
  return 0;
}

Action declare_add_row(Options& options) {
  auto args = std::make_shared<RowArgs>();
  options.argument("TABLE", args->table, "table of the inventory").required();
  options.argument("COLUMN=VALUE", args->values, "its columns; one that is left out is empty")
      .required();
  return [args](Context& context) { return run_add_row(context, *args); };
}

// The path of the command that `words` are, "" when it may not be in a file.
std::string_view loadable_path(const std::vector<std::string>& words) {
  std::string_view longest;
  for (const auto& command : command_table().commands) {
    const auto parts = split(command.path, ' ');
    if (words.size() >= parts.size() && std::equal(parts.begin(), parts.end(), words.begin()) &&
        command.path.size() > longest.size()) {
      longest = command.path;
    }
  }
  return std::ranges::find(kLoadable, longest) == kLoadable.end() ? std::string_view{} : longest;
}

constexpr std::size_t kMostText = std::size_t{1} << 30U;  // of a file

// Carries out the commands of one file.
class Loader {
 public:
  // The commands of a file must not wait for a host, nor change it.
  Loader(Context& context, Inventory& inventory)
      : context_(context), rows_(inventory), appliances_(inventory.appliances()) {
    context_.open_domains = [](const ssh::Target& target,
                               const ssh::Limits&) -> std::unique_ptr<virt::Domains> {
      throw Error(Fault::refused, "a file of commands may not ask " + quote(target.name));
    };
  }

  // Gives it one command of the file; `line` is where it stands.
  void carry_out(std::vector<std::string>& words, int line) {
    try {
      carry_out_one(words, line);
    } catch (const RefusedRow& refused) {
      throw at(lines_[refused.row], refused);
    } catch (const Error& error) {
      settle();  // a row that waited came before
      throw at(line, error);
    }
  }

  // Throws Error(refused) when what came is not whole.
  void finish() {
    settle();
    if (halves_.empty()) return;
    throw Error(Fault::refused,
                "the file has no row of table 'vm' for VM " + quote(*halves_.begin()));
  }

 private:
  static Error at(int line, const Error& error) {
    return {error.fault(), "line " + std::to_string(line) + ": " + error.what()};
  }

  void settle() {
    try {
      rows_.settle();
    } catch (const RefusedRow& refused) {
      throw at(lines_[refused.row], refused);
    }
  }

  void carry_out_one(std::vector<std::string>& words, int line) {
    if (words[0] == "cluster") words.erase(words.begin());
    if (words.size() > 3 && words[0] == "add" && words[1] == "row") {
      read_values(words, 3, values_);
      check_row(appliances_, words[2], values_);
      lines_.push_back(line);
      rows_.add_later(words[2], values_);
      if (words[2] == "host" || words[2] == "vm") note_vm(words[2] == "vm");
      return;
    }
    rows_.settle();
    if (loadable_path(words).empty()) {
      throw Error(Fault::usage, quote(joined(words, " ").substr(0, kShown)) +
                                    " is no command for a file: want one that adds to, sets in or "
                                    "removes from the inventory alone");
    }
    const auto invocation = parse(words, command_table());
    if (invocation.wants != Invocation::Wants::command || !invocation.db.empty()) {
      throw Error(Fault::usage, "neither help nor db= may be in a file");
    }
    if (invocation.action(context_) != 0) {
      throw Error(Fault::refused, "it did not succeed, so nothing of the file is done");
    }
  }

  // Notes that the row of `host` or of `vm`, the other half, of a VM came.
  void note_vm(bool is_vm_row) {
    std::string name;
    bool is_vm = is_vm_row;
    for (const auto& [column, value] : values_) {
      if (column == (is_vm_row ? "host" : "name")) name = value;
      if (column == "appliance" && value == "vm") is_vm = true;
    }
    if (!is_vm) return;
    if (is_vm_row) {
      halves_.erase(name);
    } else {
      halves_.insert(name);
    }
  }

  static constexpr std::size_t kShown = 60;  // bytes of a command in a message

  Context& context_;
  InventoryRows rows_;
  std::vector<std::string> appliances_;
  std::set<std::string> halves_;  // VMs of which the row of `vm` is to come
  InventoryRows::Values values_;
  std::vector<int> lines_;  // of the rows
};

struct LoadArgs {
  std::string file;
  std::string format;
  std::string dryrun = "no";
};

// Editors of Windows begin a file with the mark of its encoding.
std::string text_of(const std::string& file) {
  constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
  auto text = read_input(file, kMostText);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    throw Error(Fault::usage, quote(file) + " is UTF-16: want UTF-8");
  }
  if (text.starts_with(kUtf8Mark)) text.erase(0, kUtf8Mark.size());
  return text;
}

void print(Output& output, const frontend::NeighbourCommand& command) {
  std::string line = "cluster";
  for (const auto& word : command.words) {
    const auto equals = word.find('=');
    const bool is_key = equals != std::string::npos && command.words[2] != "attr";
    const auto start = is_key ? equals + 1 : 0;
    line += " " + word.substr(0, start) + shell_word(word.substr(start));
  }
  output.line(line);
}

// The inventory, when there is one. No file is made for the question.
Inventory* present_inventory(Context& context) {
  try {
    return &context.inventory();
  } catch (const Error& error) {
    if (error.fault() != Fault::not_found) throw;
    return nullptr;
  }
}

// An inventory in memory with the rows of the present one, if there is one. What is tried with it
// is forgotten, and who may only read can try, too.
std::unique_ptr<Inventory> trial_of(Context& context) {
  auto trial = std::make_unique<Inventory>(":memory:", Inventory::Open::create);
  auto* present = present_inventory(context);
  if (present == nullptr) return trial;
  InventoryRows to(*trial);
  trial->together("load", [&] {
    InventoryRows(*present).each(
        [&](std::string_view table, const auto& values) { to.add(std::string(table), values); });
  });
  return trial;
}

// Lets `work` load into the inventory, as one transaction, or with dryrun into a trial of it.
void load_into(Context& context, bool dryrun, const std::function<void(Loader&)>& work) {
  const auto into = [&](Context& there) {
    auto& inventory = there.inventory(Inventory::Open::create);
    inventory.together("load", [&] {
      Loader loader(there, inventory);
      work(loader);
      loader.finish();
    });
  };
  if (!dryrun) return into(context);
  auto trial = trial_of(context);
  Context there([&](Inventory::Open) { return std::move(trial); }, context.transport,
                context.open_domains, context.output);
  into(there);
}

std::vector<std::string> appliances_of(Context& context) {
  if (auto* present = present_inventory(context)) return present->appliances();
  return Inventory(":memory:", Inventory::Open::create).appliances();
}

// Takes in the inventory of another tool, and tells what has no place in this one.
int load_neighbour(Context& context, const LoadArgs& args, bool dryrun) {
  const auto& format = frontend::neighbour_format(args.format);
  const auto appliances = appliances_of(context);
  const auto check = [&](const std::string& name) {
    static_cast<void>(HostName(name));
    refuse_words(appliances, "host name", name);
  };
  auto* present = present_inventory(context);
  const auto is_there = [&](const std::string& name) {
    try {
      return present != nullptr && present->find_host(HostName(name)).has_value();
    } catch (const Error& error) {
      if (error.fault() == Fault::usage) return false;  // no host has such a name
      throw;
    }
  };
  const auto reading =
      frontend::read_neighbour(format, text_of(args.file), args.file, check, is_there);
  for (const auto& left : reading.left) context.output.note("no place for " + left);
  if (reading.commands.empty()) {
    throw Error(Fault::not_found, "no host is in " + quote(args.file) +
                                      ", read as format=" + std::string(format.name));
  }
  if (dryrun) {
    for (const auto& command : reading.commands) print(context.output, command);
  }
  load_into(context, dryrun, [&](Loader& loader) {
    for (const auto& command : reading.commands) {
      auto words = command.words;
      loader.carry_out(words, command.line);
    }
  });
  return 0;
}

int run_load(Context& context, const LoadArgs& args) {
  const bool dryrun = parse_yes_no("dryrun", args.dryrun);
  if (!args.format.empty()) return load_neighbour(context, args, dryrun);
  const auto text = text_of(args.file);
  CommandLine command;
  std::size_t commands = 0;
  for (CommandReader check(text); check.next(command);) ++commands;  // before a file is made
  // A backup that failed is such a file.
  if (commands == 0) {
    throw Error(Fault::not_found, "no command is in " + quote(args.file) +
                                      " (want what `cluster dump` prints, or format=)");
  }
  load_into(context, dryrun, [&](Loader& loader) {
    CommandReader reader(text);
    while (reader.next(command)) loader.carry_out(command.words, command.line);
  });
  return 0;
}

Action declare_load(Options& options) {
  auto args = std::make_shared<LoadArgs>();
  options.argument("FILE", args->file, "what `cluster dump` printed; -: standard input")
      .or_key("file")
      .required();
  options.key("format", args->format,
              frontend::neighbour_format_names() + ": FILE is that of another tool");
  options.key("dryrun", args->dryrun,
              "yes: only try it; with format= the commands are printed [no]");
  return [args](Context& context) { return run_load(context, *args); };
}

constexpr std::array kCommands{
    Command{"add row", "add a row that `cluster dump` printed", kKeepInventory, declare_add_row},
    Command{"load", "carry out the commands of a file, all or none", kKeepInventory, declare_load},
};

}  // namespace
}  // namespace load

std::span<const Command> load_commands() { return load::kCommands; }

}  // namespace cluster::cmd
