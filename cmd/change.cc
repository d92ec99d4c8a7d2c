#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "db/history.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace change {
namespace {

struct ListArgs {
  std::vector<std::string> hosts;
  std::string since;
  std::string user;
};

struct UndoArgs {
  std::string number;
};

// "2026-11-28" and more of a time stay as they are; "90m", "12h" and "7d" are ages.
std::string time_of(const std::string& since) {
  if (since.empty() || since.find_first_not_of("0123456789-:TZ") == std::string::npos) {
    if (since.empty() || (since.size() >= 10 && since[4] == '-' && since[7] == '-')) return since;
  }
  const auto number = parse_number(std::string_view(since).substr(0, since.size() - 1));
  constexpr long long kMostUnits = 100'000;
  const std::size_t unit = std::string_view("mhd").find(since.back());
  if (!number || *number > kMostUnits || unit == std::string_view::npos) {
    throw Error(Fault::usage, "since=" + quote(since) + ": want 2026-11-28, 90m, 12h or 7d");
  }
  constexpr std::array kSeconds{60LL, 3600LL, 86400LL};
  const auto then =
      std::chrono::system_clock::now() - std::chrono::seconds(*number * kSeconds.at(unit));
  return utc_text(std::chrono::system_clock::to_time_t(then));
}

nlohmann::ordered_json object_of(const std::string& text) {
  auto object = nlohmann::ordered_json::parse(text, nullptr, false);
  return object.is_object() ? object : nlohmann::ordered_json::object();
}

std::string shown(const nlohmann::ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The columns that say which row of a table it is; of those that are NULL nothing is said.
std::vector<std::string> naming_columns(const std::string& table) {
  if (table == "attribute") return {"appliance", "host", "name"};
  if (table == "gpu_function") return {"host", "gpu", "pci"};
  if (table == "gpu_slice") return {"host", "gpu", "number"};
  if (table == "host_key") return {"host", "type"};
  if (table == "mdev") return {"host", "uuid"};
  if (table == "roll") return {"name", "version"};
  return {"host", "vm", "name", "pci", "target"};
}

// The values that say which row it is, and what became of them: "name=n1 rack=1", "rack: 1 -> 2".
std::string what_changed(const ChangedRow& row) {
  const auto before = object_of(row.before);
  const auto after = object_of(row.after);
  std::string text = row.before.empty()  ? "added " + row.table
                     : row.after.empty() ? "removed " + row.table
                                         : "changed " + row.table;
  const auto& all = row.after.empty() ? before : after;
  if (!row.before.empty() && !row.after.empty()) {
    for (const auto& key : naming_columns(row.table)) {
      if (all.contains(key) && !all[key].is_null()) text += " " + shown(all[key]);
    }
    text += ":";
  }
  for (const auto& [key, value] : all.items()) {
    if (row.before.empty() || row.after.empty()) {
      if (!value.is_null()) text += " " + key + "=" + shown(value);
    } else if (!before.contains(key) || before[key] != value) {
      text += " " + key + " " + (before.contains(key) ? shown(before[key]) : "null") + " -> " +
              shown(value);
    }
  }
  return text;
}

int run_list(Context& context, const ListArgs& args) {
  const auto since = time_of(args.since);
  auto& inventory = context.inventory();
  OnlyHosts hosts;
  if (!args.hosts.empty()) {
    hosts = frontend::select_names(inventory, args.hosts, changed_hosts(inventory));
  }
  Table table{{"change", "time", "user", "from", "command", "what"}, {}};
  for (const auto& change : changes(inventory, since, args.user, hosts)) {
    const auto& author = change.author;
    const auto user = author.sudo_user.empty() || author.sudo_user == author.login
                          ? author.login
                          : author.sudo_user + " as " + author.login;
    for (const auto& row : change.rows) {
      table.rows.push_back({std::int64_t{change.number}, known(change.at),
                            change.number == 0 ? Cell() : Cell(user), known(author.origin),
                            change.number == 0 ? "(another program)" : author.command,
                            what_changed(row)});
    }
  }
  context.output.table(table);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<ListArgs>();
  options.argument("HOST", args->hosts, "hosts and VMs whose changes to show [all]");
  options.key("since", args->since, "2026-11-28, or an age: 90m, 12h, 7d [all]");
  options.key("user", args->user, "who made them [all]");
  return [args](Context& context) { return run_list(context, *args); };
}

Action declare_undo(Options& options) {
  auto args = std::make_shared<UndoArgs>();
  options.argument("NUMBER", args->number, "the change, as `cluster list change` has it")
      .required();
  return [args](Context& context) {
    const auto number = parse_number(args->number);
    if (!number || *number < 1 || *number > INT32_MAX) {
      throw Error(Fault::usage, quote(args->number) + " is no number of a change");
    }
    undo_change(context.inventory(), static_cast<int>(*number));
    return 0;
  };
}

constexpr std::array kCommands{
    Command{"list change", "show who changed what, and when", kKeepInventory, declare_list,
            Answer::table},
    Command{"undo change", "make what a change touched as it was before", kKeepInventory,
            declare_undo},
};

}  // namespace
}  // namespace change

std::span<const Command> change_commands() { return change::kCommands; }

}  // namespace cluster::cmd
