#include <algorithm>
#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/folded_names.h"
#include "core/keys.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace expand_host {
namespace {

struct ExpandArgs {
  std::vector<std::string> hosts;
  std::string fold = "no";
  std::string count = "no";
};

int run_expand(Context& context, const ExpandArgs& args) {
  const bool folds = parse_yes_no("fold", args.fold);
  const bool counts = parse_yes_no("count", args.count);
  std::vector<std::string> names;
  for (const auto& host : frontend::select_hosts(context.inventory(), args.hosts)) {
    names.push_back(host.name.str());
  }
  if (counts) {
    context.output.line(std::to_string(names.size()));
  } else if (folds) {
    auto folded = folded_names(names);
    std::ranges::replace(folded, ' ', ',');  // one word, as nodeset(1) prints it
    if (!names.empty()) context.output.line(folded);
  } else {
    for (const auto& name : names) context.output.line(name);
  }
  return 0;
}

Action declare_expand(Options& options) {
  auto args = std::make_shared<ExpandArgs>();
  options.argument("HOST", args->hosts, "the words, which select hosts as everywhere [all]");
  options.key("fold", args->fold, "yes: all in one word, n[1-3,7] [no]");
  options.key("count", args->count, "yes: only how many they are [no]");
  return [args](Context& context) { return run_expand(context, *args); };
}

constexpr std::array kCommands{
    Command{"expand host", "print the names of the hosts that words select", kKeepInventory,
            declare_expand},
};

}  // namespace
}  // namespace expand_host

std::span<const Command> expand_host_commands() { return expand_host::kCommands; }

}  // namespace cluster::cmd
