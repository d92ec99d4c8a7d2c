#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/cards/card_matching.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_devices.h"

namespace cluster::cmd {
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

// Brings the known facts of one host's cards up to date, and adds the differences to the table.
void take_in(Inventory& inventory, const Seen& answer, bool dry_run, const std::string& now,
             Table& table) {
  const auto& host = answer.host;
  const auto& seen = answer.cards;
  const auto& mdevs = answer.mdevs;
  std::vector<frontend::CardChange> changes;
  std::vector<frontend::MdevChange> mdev_changes;
  const auto look = [&] {
    const auto held = frontend::held_of(inventory.vms(OnlyHosts{{host}}), host);
    auto matching = frontend::match_cards(inventory.gpu_cards(host), seen, held);
    changes = std::move(matching.changes);
    if (mdevs) mdev_changes = compare(inventory.mdevs(host), *mdevs, held);
    matching.plan.mdevs = mdevs;
    for (auto& card : matching.plan.cards) {
      card.told.seen = now;
      const auto at = std::ranges::find(seen, card.name, &GpuCard::name);
      if (at != seen.end() && at->told.driver) card.told.driver_seen = now;
    }
    return std::move(matching.plan);
  };
  if (dry_run) {
    look();
  } else {
    const auto plan = look();
    if (changes.empty() && mdev_changes.empty()) {
      inventory.store_told(host, plan.cards);
    } else {
      inventory.store_gpu_cards(host, plan);
    }
  }
  for (const auto& one : changes) {
    table.rows.push_back({host.str(), one.name.str(), std::string(name(one.change)),
                          one.pci.libvirt(), one.details});
  }
  for (const auto& one : mdev_changes) {
    table.rows.push_back(
        {host.str(), one.mdev.parent, std::string(name(one.change)), one.mdev.uuid, one.details});
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
  // What hosts say is understood before the inventory is locked, and then stored at once.
  std::vector<Seen> all;
  const int status = for_each_answer(context, answers, [&](const frontend::AgentAnswer& answer) {
    all.push_back({answer.host.name, frontend::cards_of(answer), frontend::mdevs_of(answer)});
  });
  FoldedNotes failures;
  const auto now = utc_now();
  const auto take_all = [&] {
    for (const auto& seen : all) {
      try {
        take_in(inventory, seen, dry_run, now, table);
      } catch (const Error& error) {
        failures.add(seen.host.str(), error);
      }
    }
  };
  if (dry_run) {
    inventory.look_together("discover host gpu", take_all);
  } else {
    inventory.together("discover host gpu", take_all);
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

std::span<const Command> discover_host_gpu_commands() { return kCommands; }

}  // namespace cluster::cmd
