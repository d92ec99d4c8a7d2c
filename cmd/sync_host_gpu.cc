#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/host_gpu_status.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "db/synced.h"
#include "frontend/cards/card_matching.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/agent_json.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"

namespace cluster::cmd {
namespace sync_host_gpu {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string dryrun = "no";
  std::string timeout = "300";
};

// One card that is not as it is to be.
struct Step {
  GpuName card;
  PciAddress pci;
  GpuWish wish;
  std::string driver;  // now
  std::string error{};
};

struct HostSteps {
  Host host;
  std::vector<Step> steps{};
};

std::string verb_of(GpuWish wish) { return wish == GpuWish::host ? "attach" : "detach"; }

bool fits(GpuWish wish, frontend::Binding binding) {
  return binding == (wish == GpuWish::host ? frontend::Binding::host : frontend::Binding::detached);
}

class CardSync {
 public:
  CardSync(Context& context, const ssh::Limits& limits) : context_(context), limits_(limits) {}

  void plan(const std::vector<Host>& hosts) {
    const auto answers = frontend::ask_agents(context_, hosts, "-l --json", limits_);
    for_each_answer(answers, notes_,
                    [this](const frontend::AgentAnswer& answer) { plan_of(answer); });
    planned_ = utc_now();
    for (const auto& there : all_) {
      for (const auto& step : there.steps) {
        notes_.add(there.host.name.str(),
                   " " + step.card.str() + ": " + verb_of(step.wish) + ", it has " + step.driver);
      }
    }
    print_notes();
  }

  bool empty() const { return all_.empty(); }
  int status() const { return status_; }

  void act() {
    if (!empty()) {
      for (const auto wish : {GpuWish::detached, GpuWish::host}) act(wish);
      read_back();
    }
    note_synced();
  }

  void show(bool dry_run) {
    print_notes();
    Table table{{"host", "gpu", "pci_bus", "action", "outcome"}, {}};
    for (const auto& there : all_) {
      for (const auto& step : there.steps) {
        table.rows.push_back({there.host.name.str(), step.card.str(), step.pci.libvirt(),
                              verb_of(step.wish), dry_run ? "to be done" : outcome(there, step)});
      }
    }
    print_folded(context_.output, table);
  }

 private:
  void take(int status) { status_ = std::max(status_, status); }

  void tell(const HostName& host, const GpuName& card, const std::string& why) {
    notes_.add(host.str(), " " + card.str() + ": " + why);
    take(1);
  }

  void print_notes() {
    notes_.print(context_.output);
    take(notes_.status());
    notes_ = {};
  }

  void plan_of(const frontend::AgentAnswer& answer) {
    auto& inventory = context_.inventory();
    const auto& host = answer.host.name;
    const auto seen = frontend::cards_of(answer);
    const auto stub = frontend::stub_driver_of(answer);
    const auto devices = inventory.devices({host}).front();
    const auto held = frontend::held_of(inventory.vms(OnlyHosts{{host}}), host);
    // A name counts only where it still means the card that the wish is about.
    std::set<GpuName> strangers;
    for (const auto& one : frontend::match_cards(devices.cards, seen, held).changes) {
      if (is_harmful(one.change) || one.change == frontend::Difference::renamed) {
        strangers.insert(one.name);
      }
    }
    HostSteps there{answer.host};
    for (const auto& card : devices.cards) {
      const auto wish = frontend::wish_of(card, devices.held);
      if (!wish) continue;
      const auto at = std::ranges::find(seen, card.name, &GpuCard::name);
      if (at == seen.end() || at->missing || strangers.contains(card.name)) {
        tell(host, card.name,
             "is not as the inventory knows it (`cluster discover host gpu " + host.str() + "`)");
        continue;
      }
      const auto binding = frontend::binding_of(at->told.driver, stub);
      if (binding == frontend::Binding::unknown) {
        tell(host, card.name, "its agent does not tell the driver");
      } else if (fits(*wish, binding)) {
        fitting_[host].push_back(card.name);
      } else {
        there.steps.push_back({card.name, at->pci, *wish, *at->told.driver});
      }
    }
    if (!there.steps.empty()) all_.push_back(std::move(there));
  }

  void act(GpuWish wish) {
    std::vector<Host> hosts;
    std::vector<std::string> commands;
    for (const auto& there : all_) {
      std::vector<std::string> cards;
      for (const auto& step : there.steps) {
        if (step.wish == wish) cards.push_back(step.card.str());
      }
      if (cards.empty()) continue;
      hosts.push_back(there.host);
      commands.push_back(frontend::gpupci_command(
          there.host,
          std::string(wish == GpuWish::host ? "-a " : "-d ") + joined(cards, ",") + " --json"));
    }
    if (hosts.empty()) return;
    const auto answers = frontend::ask_hosts(context_, hosts, commands, limits_);
    for_each_answer(answers, notes_, [&](const frontend::AgentAnswer& answer) {
      for (const auto& one : frontend::outcomes_of(answer)) {
        if (!one.error.empty()) tell(answer.host.name, one.name.card, one.error);
      }
    });
  }

  void read_back() {
    std::vector<Host> hosts;
    for (const auto& there : all_) hosts.push_back(there.host);
    const auto now = utc_now();
    const auto answers = frontend::ask_agents(context_, hosts, "-l --json", limits_);
    auto& inventory = context_.inventory();
    std::vector<ToldCards> told;
    for_each_answer(answers, notes_, [&](const frontend::AgentAnswer& answer) {
      told.push_back(told_cards(answer));
    });
    for (const auto& there : told) {
      for (const auto& card : with_told(inventory.gpu_cards(there.host), there, now)) {
        if (card.missing || card.told.driver_seen != now) continue;
        now_.emplace(std::pair(there.host, card.name),
                     frontend::binding_of(card.told.driver, there.stub));
      }
    }
    note_unless_stored([&] {
      for (const auto& there : told) {
        inventory.store_told(there.host, with_told(inventory.gpu_cards(there.host), there, now));
      }
      for (const auto& there : all_) {
        for (const auto& step : there.steps) {
          const auto at = now_.find({there.host.name, step.card});
          if (at == now_.end() || !fits(step.wish, at->second)) continue;
          store_synced(inventory, there.host.name, {step.card}, now);
        }
      }
    });
  }

  // Cards that already were as they are to be count, too.
  void note_synced() {
    if (fitting_.empty()) return;
    note_unless_stored([&] {
      for (const auto& [host, cards] : fitting_) {
        store_synced(context_.inventory(), host, cards, planned_);
      }
    });
  }

  // The cards are as they are to be, whoever may write that down.
  void note_unless_stored(const std::function<void()>& work) {
    const auto why = frontend::store_aside(context_.inventory(), "sync host gpu", work);
    if (!why.empty()) context_.output.note(why);
  }

  std::string outcome(const HostSteps& there, const Step& step) {
    const auto at = now_.find({there.host.name, step.card});
    if (at == now_.end()) {
      take(1);
      return "unknown";
    }
    if (fits(step.wish, at->second)) return step.wish == GpuWish::host ? "attached" : "detached";
    take(1);
    return "failed";
  }

  Context& context_;
  ssh::Limits limits_;
  std::vector<HostSteps> all_;  // hosts with something to be done
  std::map<std::pair<HostName, GpuName>, frontend::Binding> now_;
  std::map<HostName, std::vector<GpuName>> fitting_;  // cards that need no step
  std::string planned_;
  FoldedNotes notes_;
  int status_ = 0;
};

int run(Context& context, const Args& args) {
  const bool dry_run = parse_yes_no("dryrun", args.dryrun);
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  auto hosts = frontend::select_managed(inventory, args.hosts);
  std::vector<HostName> names;
  for (const auto& host : hosts) names.push_back(host.name);
  const auto devices = inventory.devices(names);
  std::vector<Host> asked;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto& here = devices[i];
    if (std::ranges::any_of(here.cards, [&](const GpuCard& card) {
          return frontend::wish_of(card, here.held).has_value();
        })) {
      asked.push_back(hosts[i]);
    }
  }
  if (asked.empty()) {
    context.output.note(
        "nothing is wished of these cards: cluster set host gpu HOST all wish=detached");
    print_folded(context.output, {{"host", "gpu", "pci_bus", "action", "outcome"}, {}});
    return 0;
  }
  CardSync sync(context, limits);
  context.output.set_only_answers(true);
  sync.plan(asked);
  context.output.set_only_answers(dry_run);
  if (!dry_run) sync.act();
  sync.show(dry_run);
  if (sync.empty() && sync.status() == 0) context.output.note("nothing to do");
  return sync.status();
}

Action declare_sync(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts whose cards [every managed host]");
  options.key("dryrun", args->dryrun, "yes: print the plan and do nothing [no]");
  options.key("timeout", args->timeout, "seconds that a host may take for each step [300]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"sync host gpu", "make the cards of hosts what the inventory wishes", kGiveCards,
            declare_sync, Answer::table},
};

}  // namespace
}  // namespace sync_host_gpu

std::span<const Command> sync_host_gpu_commands() { return sync_host_gpu::kCommands; }

}  // namespace cluster::cmd
