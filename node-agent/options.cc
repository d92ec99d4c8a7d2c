#include "node-agent/options.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

struct ActionWord {
  std::string_view short_name;
  std::string_view long_name;
  Action action;
  bool wants_target;
};

constexpr std::array kActions{
    ActionWord{"-l", "--list", Action::list, false},
    ActionWord{"-s", "--status", Action::status, true},
    ActionWord{"-d", "--detach", Action::detach, true},
    ActionWord{"-a", "--attach", Action::attach, true},
    ActionWord{"-h", "--help", Action::help, false},
    ActionWord{"--version", "--version", Action::version, false},
};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Fault::usage, why + " (see gpupci --help)");
}

const ActionWord& find_action(std::string_view text) {
  const auto found = std::ranges::find_if(kActions, [&](const ActionWord& word) {
    return text == word.short_name || text == word.long_name;
  });
  if (found == kActions.end()) refuse("unknown argument " + quote(text));
  return *found;
}

}  // namespace

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
  Options options;
  int chosen = 0;
  bool wants_target = false;
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    if (*at == "--json") {
      options.json = true;
    } else if (*at == "--dry-run") {
      options.dry_run = true;
    } else {
      const auto& word = find_action(*at);
      options.action = word.action;
      ++chosen;
      wants_target = word.wants_target;
      if (!wants_target) continue;
      if (++at == arguments.end()) {
        refuse(std::string(word.long_name) + " wants a card's name or all");
      }
      options.target = *at;
    }
  }
  if (chosen != 1) refuse("want one of -l, -s, -d, -a, -h, --version");
  if (options.dry_run && options.action != Action::detach && options.action != Action::attach) {
    refuse("--dry-run goes with -d or -a only");
  }
  if (wants_target && options.target != "all") {
    GpuName{options.target};  // refuses what can be no card's name
  }
  return options;
}

}  // namespace cluster::agent
