#include "node-agent/actions/options.h"

#include <algorithm>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "node-agent/actions/table.h"
#include "node-agent/cards/mig.h"

namespace cluster::agent {
namespace {

constexpr std::size_t kHelpColumn = 26;
constexpr std::string_view kForce = "--force=";
// The kernel builds the names of parents and types of vGPUs from these characters.
constexpr std::string_view kPlain =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
constexpr std::string_view kLease = "--lease=";

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Fault::usage, why + " (see gpupci --help)");
}

std::vector<std::string_view> words(std::string_view text) {
  return text.empty() ? std::vector<std::string_view>{} : split(text, ' ');
}

std::string_view shortest(const Action& action) {
  return action.short_name.empty() ? action.long_name : action.short_name;
}

const Action& find_action(std::string_view text) {
  const auto found = std::ranges::find_if(actions(), [&](const Action& action) {
    return !text.empty() && (text == action.short_name || text == action.long_name);
  });
  if (found == actions().end()) refuse("unknown argument " + quote(text));
  return *found;
}

// Refuses an argument that cannot be what --help spells as `word`.
void check_argument(std::string_view word, const std::string& argument) {
  if (word.starts_with('[')) word = word.substr(1, word.size() - 2);
  if (word == "NAME|all" && argument == "all") return;
  // Both functions refuse a name that no card and no slice can have.
  if (word == "NAME|all") {
    for (const auto name : split(argument, ',')) SliceName::parse(name);
  }
  if (word == "NAME") GpuName{argument};
  if (word == "PARENT" || word == "PARENT|all" || word == "TYPE" || word == "VGPU") {
    if (argument.find_first_not_of(kPlain) != std::string::npos) {
      refuse(quote(argument) + " can be no " + std::string(word.substr(0, word.find('|'))));
    }
  }
}

[[noreturn]] void refuse_missing(const Action& action, std::string_view word) {
  const auto what = word == "NAME|all" ? "a card's name or all" : std::string(word);
  refuse(std::string(action.long_name) + " wants " + what);
}

[[noreturn]] void refuse_option(const std::string& option, bool Action::*takes) {
  std::vector<std::string> those;
  for (const auto& action : actions()) {
    if (action.*takes) those.emplace_back(shortest(action));
  }
  refuse(option + " goes with " + joined(those, " or ") + " only");
}

// The words with commas, in lines of the right column of --help.
std::string in_column(const std::vector<std::string>& words) {
  constexpr std::size_t kWidth = 80;
  std::string lines;
  std::string line(kHelpColumn, ' ');
  for (const auto& one : words) {
    const auto word = one + (&one == &words.back() ? "" : ",");
    const bool first = line.size() == kHelpColumn;
    if (!first && line.size() + 1 + word.size() > kWidth) {
      lines += line + "\n";
      line.assign(kHelpColumn, ' ');
    }
    line += (line.size() == kHelpColumn ? "" : " ") + word;
  }
  return lines + line + "\n";
}

}  // namespace

std::string usage() {
  std::string lines;
  for (const auto& action : actions()) {
    auto line = "  " +
                (action.short_name.empty() ? "    " : std::string(action.short_name) + ", ") +
                std::string(action.long_name);
    if (!action.arguments.empty()) line += " " + std::string(action.arguments);
    if (line.size() + 2 > kHelpColumn) {
      lines += line + "\n";
      line.clear();
    }
    line.resize(kHelpColumn, ' ');
    lines += line + std::string(action.help) + "\n";
  }
  return R"(Usage: gpupci ACTION [--json] [--dry-run] [--force=GUARD]

Takes GPU cards, each a PCI slot with all its functions, from this host for its
virtual machines, and gives them back.

Actions:
)" + lines +
         R"(
Options:
      --json              print one JSON document
      --dry-run           with what changes something: print each step, change nothing
      --force=GUARD       with -d and --vfs: do it although this guard refuses; more
                          than one with commas. Its name is what the refusal
                          begins with:
)" + in_column(forcible_guards()) +
         R"(      --lease=ID          with --remove-vgpu: who made it got this id

Exit status: 0 all that was asked for happened; 1 it did not, stderr says why;
2 wrong usage; 70 a bug in gpupci. Of --check: 2 something fails, else 3 something
is unknown, else 1 a warning, else 0.

Files: /etc/gpupci/gpupci.yaml says which devices are cards,
/var/lib/gpupci/drivers.json keeps the drivers of detached cards.
)";
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  int chosen = 0;
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    if (*at == "--json") {
      options.json = true;
    } else if (*at == "--dry-run") {
      options.dry_run = true;
    } else if (at->starts_with(kLease)) {
      options.lease = at->substr(kLease.size());
    } else if (at->starts_with(kForce)) {
      add_forced(std::string_view(*at).substr(kForce.size()), options.forced);
    } else {
      options.action = &find_action(*at);
      ++chosen;
      for (const auto word : words(options.action->arguments)) {
        const auto next = at + 1;
        const bool given = next != arguments.end() && !next->starts_with('-');
        if (!given && word.starts_with('[')) break;
        if (!given) refuse_missing(*options.action, word);
        options.arguments.push_back(*++at);
      }
    }
  }
  if (chosen != 1) {
    std::vector<std::string> all;
    for (const auto& action : actions()) all.emplace_back(shortest(action));
    refuse("want one of " + joined(all, ", "));
  }
  if (options.dry_run && !options.action->takes_dry_run)
    refuse_option("--dry-run", &Action::takes_dry_run);
  if (!options.forced.empty() && !options.action->takes_force) {
    refuse_option("--force", &Action::takes_force);
  }
  // An instance of MIG is no lease of anybody.
  const bool wants_lease = options.action->wants_lease && !is_mig_instance(options.argument(0));
  if (options.lease.empty() == wants_lease) {
    refuse(wants_lease ? std::string(options.action->long_name) + " wants --lease=ID"
                       : "--lease goes with --remove-vgpu of a vGPU only");
  }
  const auto spelled = words(options.action->arguments);
  for (std::size_t i = 0; i < options.arguments.size(); ++i) {
    check_argument(spelled[i], options.arguments[i]);
  }
  return options;
}

}  // namespace cluster::agent
