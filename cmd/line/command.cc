#include "cmd/line/command.h"

namespace cluster::cmd {
namespace {

constexpr char kShield = '\x1f';

// A CLI::Validator changes the word, and returns an error. This one returns none.
std::string take_off_shield(std::string& word) {
  if (word.ends_with(kShield)) word.pop_back();
  return "";
}

}  // namespace

std::string positional_name(const CLI::Option& option) {
  const auto& text = option.get_option_text();
  return text.empty() ? option.get_name(true, false) : text;
}

std::string shielded(const std::string& word) {
  const bool list = word.starts_with('[') && word.ends_with(']');
  return list || word.ends_with(kShield) ? word + kShield : word;
}

Action declare(const Command& command, CLI::App& app, CommonOptions& common) {
  app.set_help_flag("-h,--help", "say what the command does");
  auto action = command.declare(app);
  if (command.answer == Answer::table) {
    app.add_option("--format", common.format, "table, json or csv [table]");
  }
  if (command.path != "help") {
    app.add_option("--db", common.db,
                   "inventory file [$CLUSTER_DB, else /var/lib/cluster/cluster.db]");
  }
  for (auto* option : app.get_options([](CLI::Option*) { return true; })) {
    if (option != app.get_help_ptr()) option->transform(CLI::Validator(take_off_shield, ""));
  }
  return action;
}

}  // namespace cluster::cmd
