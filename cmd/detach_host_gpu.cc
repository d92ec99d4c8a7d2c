#include <algorithm>
#include <array>

#include "cmd/commands.h"
#include "cmd/consent.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/agent_json.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace detach_host_gpu {
namespace {

struct Args {
  std::vector<std::string> words;
  std::string dryrun = "no";
  std::string timeout = "300";
  Consent consent;
};

bool is_card_word(const std::string& word) { return word == "all" || word.starts_with("gpupci"); }

int run(Context& context, const Args& args, const std::string& option) {
  auto words = args.words;
  std::string card = "all";
  if (is_card_word(words.back())) {
    card = words.back();
    if (card != "all") card = SliceName::parse(card).str();
    words.pop_back();
  }
  if (words.empty()) throw Error(Fault::usage, "want a host: HOST... [CARD]");
  const auto limits = frontend::limits_of(args.timeout);
  const auto hosts = frontend::select_hosts(context.inventory(), words);
  const bool detaches = option == "-d";
  const bool dry_run = parse_yes_no("dryrun", args.dryrun);
  if (detaches && !dry_run) {
    std::vector<std::string> names;
    for (const auto& host : hosts) names.push_back(host.name.str());
    require_consent(context, args.consent, "detach host gpu", {"hosts", words, names});
  }
  const std::string command = option + " " + card + " --json" + (dry_run ? " --dry-run" : "");
  context.output.set_only_answers(dry_run);

  Table table{{"host", "gpu", "pci_bus", "outcome"}, {}};
  FoldedNotes notes;
  bool all_done = true;
  std::size_t detached = 0;
  const auto answers = frontend::ask_agents(context, hosts, command, limits);
  for_each_answer(answers, notes, [&](const frontend::AgentAnswer& answer) {
    const auto& name = answer.host.name.str();
    all_done = all_done && answer.reply.status == 0;
    for (const auto& one : frontend::outcomes_of(answer)) {
      if (one.result == frontend::CardResult::detached) ++detached;
      table.rows.push_back({name, one.name.str(), one.pci.libvirt(), one.word});
      if (one.error.empty()) continue;
      notes.add(name, " " + one.name.str() + ": " + one.error);
      all_done = false;
    }
  });
  notes.print(context.output);
  print_folded(context.output, table);
  if (detaches) say_how_many(context, "detached", detached, "cards");
  return std::max(notes.status(), all_done ? 0 : 1);
}

Action declare(Options& options, const std::string& option) {
  auto args = std::make_shared<Args>();
  options.argument("HOST... [CARD]", args->words, "the hosts, and the card as the last word [all]")
      .required();
  options.key("dryrun", args->dryrun, "yes: tell what would be done and do nothing [no]");
  options.key("timeout", args->timeout, "seconds that a host may take [300]");
  if (option == "-d") args->consent.declare(options);
  return [args, option](Context& context) { return run(context, *args, option); };
}

Action declare_detach(Options& options) { return declare(options, "-d"); }
Action declare_attach(Options& options) { return declare(options, "-a"); }

constexpr std::array kCommands{
    Command{"attach host gpu", "give cards back to the drivers of their hosts", kGiveCards,
            declare_attach, Answer::table},
    Command{"detach host gpu", "take cards from the drivers of their hosts, for VMs", kGiveCards,
            declare_detach, Answer::table},
};

}  // namespace
}  // namespace detach_host_gpu

std::span<const Command> detach_host_gpu_commands() { return detach_host_gpu::kCommands; }

}  // namespace cluster::cmd
