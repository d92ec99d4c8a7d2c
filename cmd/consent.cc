#include "cmd/consent.h"

#include <algorithm>
#include <istream>
#include <set>

#include "core/error.h"
#include "core/folded_names.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {

namespace {

// True if the words are names and ranges, and these are the names of all that is touched: the name
// of a container spells out no VM.
bool are_spelled_out(Inventory& inventory, const std::vector<std::string>& words,
                     const std::vector<std::string>& names) {
  if (!frontend::is_spelled_out(inventory, words)) return false;
  std::set<std::string> spelled;
  for (const auto& host : frontend::select_hosts(inventory, words)) spelled.insert(host.name.str());
  return std::ranges::all_of(names, [&](const auto& name) { return spelled.contains(name); });
}

}  // namespace

void Consent::declare(Options& options) {
  options.key("yes", yes, "yes: also for a pattern, group, rack, appliance, without asking [no]");
}

void require_consent(Context& context, const Consent& consent, const std::string& deed,
                     const Touched& touched) {
  const auto& [things, words, names] = touched;
  if (parse_yes_no("yes", consent.yes)) return;
  if (names.empty() || are_spelled_out(context.inventory(), words, names)) return;
  ask_consent(context, consent, deed,
              deed + ": " + quote(joined(words, " ")) + " means " + how_many(names, things),
              "want yes=yes, or their names");
}

std::string how_many(const std::vector<std::string>& names, const std::string& things) {
  return std::to_string(names.size()) + " " +
         (names.size() == 1 ? things.substr(0, things.size() - 1) : things) + ", " +
         folded_names(names);
}

void ask_consent(Context& context, const Consent& consent, const std::string& deed,
                 const std::string& what, const std::string& wanted) {
  if (parse_yes_no("yes", consent.yes)) return;
  if (context.answers == nullptr) throw Error(Fault::refused, what + ": " + wanted);
  context.output.ask(what + ": go on?");
  std::string answer;
  std::getline(*context.answers, answer);
  answer = lower(trim(answer));
  if (answer != "y" && answer != "yes") {
    throw Error(Fault::refused, deed + ": nothing was done");
  }
}

void say_how_many(Context& context, const std::string& done, std::size_t count,
                  const std::string& things) {
  if (count > 1) context.output.note(done + " " + std::to_string(count) + " " + things);
}

void say_how_many_of(Context& context, const std::string& done, std::size_t count,
                     const std::string& things, const std::vector<std::string>& words) {
  if (count > 1 && !frontend::is_spelled_out(context.inventory(), words)) {
    say_how_many(context, done, count, things);
  }
}

}  // namespace cluster::cmd
