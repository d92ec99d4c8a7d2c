#include "cmd/roll_command.h"

#include <algorithm>

#include "cmd/context.h"
#include "core/error.h"
#include "core/own_program.h"
#include "core/text.h"
#include "frontend/rolls/roll_store.h"
#include "rolls/engine/subprocess.h"

namespace cluster::cmd {
namespace {

namespace fs = std::filesystem;

std::optional<int> run_command(Context& context, const std::vector<std::string>& words) {
  Inventory* inventory = nullptr;
  try {
    inventory = &context.inventory();
  } catch (const Error& error) {
    if (error.fault() == Fault::not_found) return std::nullopt;  // no inventory, no rolls
    throw;
  }
  // The error about a changed roll appears only if that roll has the command, not for every
  // mistyped word.
  for (const auto& described : frontend::described_rolls(*inventory)) {
    for (const auto& command : described.commands) {
      const auto path = split(command.path, ' ');
      if (words.size() < path.size() || !std::equal(path.begin(), path.end(), words.begin())) {
        continue;
      }
      const auto roll = frontend::read_stored(
          *inventory, frontend::find_roll(*inventory, described.name, described.version));
      rolls::Subprocess program{{(roll.folder / command.run).native()}};
      program.words.insert(program.words.end(),
                           words.begin() + static_cast<std::ptrdiff_t>(path.size()), words.end());
      program.environment = {{"CLUSTER_DB", inventory->where()},
                             {"CLUSTER", own_program().native()},
                             {"ROLL", roll.folder.native()}};
      context.output.out().flush();
      return rolls::run_subprocess(program);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string take_db(std::vector<std::string>& words) {
  for (auto word = words.begin(); word != words.end(); ++word) {
    for (const std::string key : {"--db=", "db="}) {
      if (!word->starts_with(key)) continue;
      auto db = word->substr(key.size());
      words.erase(word);
      return db;
    }
    if (*word == "--db" && word + 1 != words.end()) {
      auto db = *(word + 1);
      words.erase(word, word + 2);
      return db;
    }
  }
  return "";
}

Invocation roll_command(const std::vector<std::string>& typed, const UnknownCommand& unknown) {
  auto words = typed;
  const auto db = take_db(words);
  auto action = [words, unknown](Context& context) {
    const auto status = run_command(context, words);
    if (!status) throw unknown;
    return *status;
  };
  return {Invocation::Wants::command, std::move(action), "", db, {}};
}

}  // namespace cluster::cmd
