#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/cards/card_matching.h"
#include "frontend/hosts/agent_json.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_devices.h"

namespace cluster::cmd {
namespace discover_host_gpu {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string dryrun = "no";
  std::string timeout = "30";
};

// What a host says that it has.
struct Seen {
  HostName host;
  std::vector<GpuCard> cards;
  std::optional<std::vector<Mdev>> mdevs;
};

// What the inventory has of one host's cards, and the VMs that hold them.
struct Known {
  std::vector<GpuCard> cards;
  std::vector<Mdev> mdevs;
  frontend::Held held;

  bool operator==(const Known&) const = default;
};

// Reads what is known of the hosts that have answered, in their order.
std::vector<Known> known_of(Inventory& inventory, const std::vector<Seen>& all) {
  std::vector<HostName> names;
  for (const auto& seen : all) names.push_back(seen.host);
  std::map<HostName, std::vector<Vm>> vms;
  for (auto& vm : inventory.vms(OnlyHosts(names))) vms[vm.container].push_back(std::move(vm));
  std::vector<Known> known;
  for (auto& devices : inventory.devices(names)) {
    const auto& host = names[known.size()];
    known.push_back(
        {std::move(devices.cards), std::move(devices.mdevs), frontend::held_of(vms[host], host)});
  }
  return known;
}

// What the answer of a host makes of what is known.
struct Outcome {
  frontend::CardMatching matching;
  std::vector<frontend::MdevChange> mdev_changes;
  std::optional<Error> refusal;
};

Outcome judge(const Seen& seen, const Known& known, const std::string& now) {
  Outcome outcome;
  try {
    outcome.matching = frontend::match_cards(known.cards, seen.cards, known.held);
    if (seen.mdevs) outcome.mdev_changes = compare(known.mdevs, *seen.mdevs, known.held);
  } catch (const Error& error) {
    outcome.refusal = error;
    return outcome;
  }
  auto& plan = outcome.matching.plan;
  plan.mdevs = seen.mdevs;
  for (auto& card : plan.cards) {
    card.told.seen = now;
    const auto at = std::ranges::find(seen.cards, card.name, &GpuCard::name);
    if (at != seen.cards.end() && at->told.driver) card.told.driver_seen = now;
  }
  return outcome;
}

void store(Inventory& inventory, const HostName& host, const Known& known, Outcome& outcome) {
  if (outcome.refusal) return;
  try {
    if (outcome.matching.changes.empty() && outcome.mdev_changes.empty()) {
      inventory.store_told(host, outcome.matching.plan.cards);
    } else {
      inventory.store_gpu_cards(host, outcome.matching.plan, known.cards, known.mdevs);
    }
  } catch (const Error& error) {
    outcome.refusal = error;
  }
}

bool is_first(const Known& known, const Outcome& outcome) {
  const auto& plan = outcome.matching.plan;
  return known == Known() && !outcome.refusal && !plan.cards.empty() && plan.renamed.empty() &&
         (!plan.mdevs || plan.mdevs->empty());
}

// The inventory is locked. Another command may have written since what is known was read, in the
// state that `revision` names.
void store_all(Inventory& inventory, const std::vector<Seen>& all, std::vector<Known>& known,
               const std::optional<int>& revision, const std::string& now,
               std::vector<Outcome>& outcomes) {
  if (!revision || inventory.revision() != revision) {
    auto still = known_of(inventory, all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (still[i] != known[i]) outcomes[i] = judge(all[i], still[i], now);
    }
    known = std::move(still);
  }
  std::vector<NewCards> first;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_first(known[i], outcomes[i])) continue;
    first.push_back({&all[i].host, &outcomes[i].matching.plan.cards});
  }
  const bool are_stored = !first.empty() && inventory.add_gpu_cards(first);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (are_stored && is_first(known[i], outcomes[i])) continue;
    store(inventory, all[i].host, known[i], outcomes[i]);
  }
}

void add_rows(const HostName& host, const Outcome& outcome, Table& table) {
  for (const auto& one : outcome.matching.changes) {
    table.rows.push_back({host.str(), one.name.str(), std::string(name(one.change)),
                          one.pci.libvirt(), known(one.details)});
  }
  for (const auto& one : outcome.mdev_changes) {
    table.rows.push_back({host.str(), one.mdev.parent, std::string(name(one.change)), one.mdev.uuid,
                          known(one.details)});
  }
}

// A card that a VM there has without the inventory, running or not, is not free. So containers with
// cards are asked for such VMs as well; who cannot be asked is told of, as it may have some.
void see_vms(Context& context, const std::vector<frontend::AgentAnswer>& answers,
             const std::vector<Seen>& all, const ssh::Limits& limits) {
  std::vector<Host> containers;
  std::vector<HostName> names;
  for (const auto& answer : answers) {
    const auto seen = std::ranges::find(all, answer.host.name, &Seen::host);
    if (seen == all.end() || seen->cards.empty()) continue;
    if (answer.host.appliance != "vm-container") continue;
    containers.push_back(answer.host);
    names.push_back(answer.host.name);
  }
  if (containers.empty()) return;
  context.output.set_only_answers(false);  // the cards are stored, and whose they are belongs to it
  auto& inventory = context.inventory();
  const auto before = inventory.devices(names);
  const auto domains = frontend::look_at_hosts(context, containers, limits);
  frontend::remember_devices(context, domains);
  const auto now = inventory.devices(names);
  FoldedNotes notes;
  for (const auto& there : domains) {
    if (!there.failure) continue;
    notes.add(there.host.name.str(), ": whether VMs there have its cards is not known: " +
                                         std::string(there.failure->what()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto is_news = [&](const CardElsewhere& one) {
      return std::ranges::none_of(before[i].elsewhere, [&](const CardElsewhere& old) {
        return old.gpu == one.gpu && old.uuid == one.uuid;
      });
    };
    std::set<std::pair<std::string, std::string>> told;
    for (const auto& one : now[i].elsewhere) {
      const auto card = SliceName{one.gpu, one.slice}.str();
      if (!is_news(one) || !told.emplace(card, one.uuid).second) continue;
      notes.add(names[i].str(), " " + card + ": is not free, as " + quote(one.domain) +
                                    " there has it without the inventory (`cluster discover host "
                                    "vm` tells more)");
    }
  }
  notes.print(context.output);
}

int run(Context& context, const Args& args) {
  const bool dry_run = parse_yes_no("dryrun", args.dryrun);
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  const auto hosts = frontend::select_managed(inventory, args.hosts);
  if (hosts.empty()) throw Error(Fault::not_found, "discover host gpu: no hosts to ask");

  Table table{{"host", "gpu", "change", "pci_bus", "details"}, {}};
  const auto answers = frontend::ask_agents(context, hosts, "-l --json", limits);
  std::vector<Seen> all;
  const int status = for_each_answer(context, answers, [&](const frontend::AgentAnswer& answer) {
    auto told = frontend::devices_of(answer);
    all.push_back({answer.host.name, std::move(told.cards), std::move(told.mdevs)});
  });
  const auto now = utc_now();
  std::vector<Known> known;
  std::optional<int> revision;
  inventory.look_together("discover host gpu", [&] {
    known = known_of(inventory, all);
    revision = inventory.revision();
  });
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < all.size(); ++i) outcomes.push_back(judge(all[i], known[i], now));
  if (!dry_run) {
    inventory.together("discover host gpu",
                       [&] { store_all(inventory, all, known, revision, now, outcomes); });
  }
  FoldedNotes failures;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (outcomes[i].refusal) {
      failures.add(all[i].host.str(), *outcomes[i].refusal);
    } else {
      add_rows(all[i].host, outcomes[i], table);
    }
  }
  for (const auto& seen : all) {  // of all hosts, those without cards would be told each time
    if (!args.hosts.empty() && seen.cards.empty()) failures.add(seen.host.str(), ": has no card");
  }
  failures.print(context.output);
  print_folded(context.output, table);
  if (!dry_run) see_vms(context, answers, all, limits);
  return std::max(status, failures.status());
}

Action declare_discover(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts to ask [every managed host]");
  options.key("dryrun", args->dryrun, "yes: tell the differences and change nothing [no]");
  options.key("timeout", args->timeout, "seconds that a host may take to answer [30]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"discover host gpu", "ask hosts for their cards and update the inventory", kSeeCards,
            declare_discover, Answer::table},
};

}  // namespace
}  // namespace discover_host_gpu

std::span<const Command> discover_host_gpu_commands() { return discover_host_gpu::kCommands; }

}  // namespace cluster::cmd
