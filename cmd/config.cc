#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "db/open_database.h"

namespace cluster::cmd {
namespace config {
namespace {

// What this program may do with the inventory, in words.
std::string access(Context& context) {
  try {
    const auto why = context.inventory().read_only();
    return why.empty() ? "read and write" : "read only: it " + why;
  } catch (const Error& error) {
    return error.what();
  }
}

std::string whole(const std::filesystem::path& place) {
  if (!db::is_file(place)) return place.native();
  return std::filesystem::absolute(place).lexically_normal().native();
}

int run_show(Context& context) {
  const auto& place = context.place;
  context.output.table(
      {{"setting", "value", "from"},
       {{std::string("database"), whole(place.file), place.said_by},
        {std::string("access"), access(context),
         std::string(db::is_file(place.file) ? "the file" : "the server")},
        {std::string("settings"), config_file().native(),
         std::string(std::filesystem::exists(config_file()) ? "the file" : "not there")}}});
  return 0;
}

Action declare_show(Options& /*options*/) { return run_show; }

constexpr std::array kCommands{
    Command{"show config", "show which inventory is used, and who says so", kKeepInventory,
            declare_show, Answer::table},
};

}  // namespace
}  // namespace config

std::span<const Command> config_commands() { return config::kCommands; }

}  // namespace cluster::cmd
