#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/text.h"
#include "db/rows.h"

namespace cluster::cmd {
namespace dump {
namespace {

constexpr std::size_t kPiece = 1 << 16;  // bytes that are handed to the output at once

int run_dump(Context& context) {
  std::string text;
  InventoryRows rows(context.inventory());
  rows.each([&](std::string_view table, const InventoryRows::Values& values) {
    text += "cluster add row ";
    text += table;
    for (const auto& [column, value] : values) {
      text += ' ';
      text += column;
      text += '=';
      if (!value.empty()) text += shell_word(value);
    }
    text += '\n';
    if (text.size() < kPiece) return;
    context.output.text(text);
    text.clear();
  });
  context.output.text(text);
  return 0;
}

Action declare_dump(Options& /*options*/) { return run_dump; }

constexpr std::array kCommands{
    Command{"dump", "print the commands that rebuild the whole inventory", kKeepInventory,
            declare_dump},
};

}  // namespace
}  // namespace dump

std::span<const Command> dump_commands() { return dump::kCommands; }

}  // namespace cluster::cmd
