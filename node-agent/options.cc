#include "node-agent/options.h"

#include <CLI/CLI.hpp>

#include "core/error.h"
#include "core/names.h"

namespace cluster::agent {

std::string_view usage() {
  return R"(Usage: gpupci ACTION [--json] [--dry-run]

Takes GPU cards, each a PCI slot with all its functions, from this host for its
virtual machines, and gives them back.

Actions:
  -l, --list              list the cards: name and address
  -s, --status NAME|all   show which driver has each function of a card
  -d, --detach NAME|all   take a card from its host drivers (to vfio-pci)
  -a, --attach NAME|all   give a card back to its host drivers
  -h, --help              print this
      --version           print the version

Options:
      --json              print one JSON document
      --dry-run           with -d and -a: print each step and change nothing

Exit status: 0 all that was asked for happened; 1 it did not, stderr says why;
2 wrong usage; 70 a bug in gpupci.

Files: /etc/gpupci/gpupci.yaml says which devices are cards,
/var/lib/gpupci/drivers.json keeps the drivers of detached cards.
)";
}

Options parse_options(const std::vector<std::string>& arguments) {
  struct Choice {
    Action action;
    CLI::Option* option;
  };
  Options options;
  CLI::App app;
  app.set_help_flag();  // ours is an action like the others
  const std::vector<Choice> choices{
      {Action::help, app.add_flag("-h,--help")},
      {Action::version, app.add_flag("--version")},
      {Action::list, app.add_flag("-l,--list")},
      {Action::status, app.add_option("-s,--status", options.target)},
      {Action::detach, app.add_option("-d,--detach", options.target)},
      {Action::attach, app.add_option("-a,--attach", options.target)},
  };
  app.add_flag("--json", options.json);
  app.add_flag("--dry-run", options.dry_run);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 wants so
  } catch (const CLI::ParseError& error) {
    throw Error(Fault::usage, error.what() + std::string(" (see gpupci --help)"));
  }

  int chosen = 0;
  for (const auto& choice : choices) {
    if (choice.option->count() == 0) continue;
    options.action = choice.action;
    ++chosen;
  }
  if (chosen != 1) {
    throw Error(Fault::usage, "want one of -l, -s, -d, -a, -h, --version (see gpupci --help)");
  }
  const bool acts = options.action == Action::detach || options.action == Action::attach;
  if (options.dry_run && !acts) {
    throw Error(Fault::usage, "--dry-run goes with -d or -a only");
  }
  if ((acts || options.action == Action::status) && options.target != "all") {
    GpuName{options.target};  // refuses what can be no card's name
  }
  return options;
}

}  // namespace cluster::agent
