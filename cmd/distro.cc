#include <array>
#include <optional>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/keys.h"
#include "frontend/rolls/roll_store.h"
#include "rolls/engine/package_tree.h"

namespace cluster::cmd {
namespace distro {
namespace {

struct Args {
  std::string folder;
  std::string sign = "yes";
};

Action declare_create(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("FOLDER", args->folder, "folder to make [distro, beside the inventory]");
  options.key("sign", args->sign, "no: without signatures [yes]");
  return [args](Context& context) {
    auto& inventory = context.inventory();
    const auto folder = args->folder.empty() ? frontend::packages_folder(inventory)
                                             : std::filesystem::path(args->folder);
    std::optional<std::filesystem::path> key;
    if (parse_yes_no("sign", args->sign)) key = frontend::signing_key_folder(inventory);
    if (!rolls::create_package_tree(frontend::enabled_rolls(inventory), folder, key) && key) {
      context.output.note(
          "no enabled roll has packages in debs/ or rpms/: there is no list to sign, and no key");
    }
    return 0;
  };
}

constexpr std::array kCommands{
    Command{"create distro", "make the tree that hosts install the enabled rolls from",
            kPrepareHosts, declare_create},
};

}  // namespace
}  // namespace distro

std::span<const Command> distro_commands() { return distro::kCommands; }

}  // namespace cluster::cmd
