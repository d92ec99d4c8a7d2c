#include <algorithm>
#include <array>
#include <map>
#include <optional>

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
#include "frontend/hosts/aside.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/selftest/selftest.h"
#include "frontend/selftest/selftest_judgement.h"
#include "virt/domain_gates.h"

namespace cluster::cmd {
namespace check_host_gpu {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string all = "no";
  std::string selftest = "no";
  std::string timeout = "60";
};

class HostChecks {
 public:
  HostChecks(Context& context, bool all, bool selftest)
      : context_(context), inventory_(context.inventory()), all_(all), selftest_(selftest) {}

  int run(const std::vector<Host>& hosts, const ssh::Limits& limits) {
    OnlyHosts names{std::in_place};
    for (const auto& host : hosts) names->push_back(host.name);
    vms_ = inventory_.vms(names);
    const auto answers = frontend::ask_agents(context_, hosts, "--check all --json", limits);
    int status = for_each_answer(context_, answers, [this](const frontend::AgentAnswer& answer) {
      auto checks = frontend::checks_of(answer);
      for (const auto& one : checks) {
        if (!one.card.empty()) GpuName(one.card);
      }
      for (auto& one : checks) {
        if (is_as_given(answer.host.name, one)) {
          one.result = frontend::Verdict::pass;
          one.fix.clear();
        }
        add(answer.host.name, one);
      }
      checks_[answer.host.name] = std::move(checks);
    });
    std::vector<HostName> checked;
    for (const auto& [host, checks] : checks_) checked.push_back(host);
    record(checked);
    std::vector<Host> answered;
    for (const auto& answer : answers) {
      if (frontend::no_answer(answer).empty()) answered.push_back(answer.host);
    }
    if (!answered.empty()) {
      const auto cards = frontend::ask_agents(context_, answered, "-l --json", limits);
      status = std::max(
          status, for_each_answer(context_, cards, [this](const frontend::AgentAnswer& answer) {
            drift(answer);
            far_apart(answer);
          }));
      if (selftest_) test(cards, limits);
    }
    std::ranges::stable_sort(table_.rows, natural_less, [](const auto& row) {
      return std::string_view(std::get<std::string>(row[0]));
    });
    print_folded(context_.output, table_);
    return std::max(status, all_passed_ ? 0 : 1);
  }

 private:
  void add(const HostName& host, const frontend::CheckAnswer& one) {
    const bool passed = one.result == frontend::Verdict::pass;
    all_passed_ = all_passed_ && passed;
    if (passed && !all_) return;
    table_.rows.push_back({host.str(), known(one.card), one.id, std::string(name(one.result)),
                           known(one.reason), known(one.fix)});
  }

  // The agent says V1 of each card that VMs run with, or are saved with, as it cannot be taken
  // then. Where all of them are to have it, that is no failure.
  bool is_as_given(const HostName& host, const frontend::CheckAnswer& one) const {
    const auto is_it = [&](const GpuName& gpu) { return gpu.str() == one.card; };
    const auto is_given = [&](const std::string& domain) {
      return std::ranges::any_of(vms_, [&](const Vm& vm) {
        return vm.container == host && vm.domain() == domain &&
               (std::ranges::any_of(vm.gpus, is_it, &VmGpu::gpu) ||
                std::ranges::any_of(
                    vm.slices, [&](const VmSlice& held) { return held.gpu && is_it(*held.gpu); }));
      });
    };
    return one.id == "V1" && !one.vms.empty() && std::ranges::all_of(one.vms, is_given);
  }

  void test(const std::vector<frontend::AgentAnswer>& cards, const ssh::Limits& limits) {
    std::vector<HostName> tested;
    for (const auto& [host, found] : frontend::selftest(context_, cards, vms_, limits)) {
      auto& checks = checks_[host];
      for (const auto& one : found) {
        add(host, one);
        checks.push_back(one);
      }
      tested.push_back(host);
    }
    record(tested);
  }

  // What selftests found, now or before. A check without one does not see it, so it stays until the
  // same test of the card has another result.
  static std::map<GpuName, std::string> found_by_selftests(
      const std::vector<GpuCard>& cards, const std::vector<frontend::CheckAnswer>& checks) {
    std::map<GpuName, std::string> found;
    for (const auto& one : checks) {
      if (one.result == frontend::Verdict::fail && frontend::is_of_selftest(one.id)) {
        found.emplace(GpuName(one.card), one.id + ": " + one.reason);
      }
    }
    for (const auto& card : cards) {
      const auto failing = card.failing.value_or("");
      const auto id = failing.substr(0, failing.find(':'));
      const bool is_known = std::ranges::any_of(checks, [&](const auto& one) {
        return one.id == id && one.card == card.name.str() &&
               one.result != frontend::Verdict::unknown;
      });
      if (frontend::is_of_selftest(id) && !is_known) found.emplace(card.name, failing);
    }
    return found;
  }

  // Stores what the checks of `hosts` have found, for all at once.
  void record(const std::vector<HostName>& hosts) {
    if (hosts.empty()) return;
    const auto now = utc_now();
    const auto why = frontend::store_aside(inventory_, "check host gpu", [&] {
      const auto devices = inventory_.devices(hosts);
      for (std::size_t i = 0; i < hosts.size(); ++i) {
        record(hosts[i], devices[i].cards, checks_[hosts[i]], now);
      }
    });
    if (!why.empty()) context_.output.note(why);
  }

  // Placement looks at the first failure of the host and of each card.
  void record(const HostName& host, const std::vector<GpuCard>& cards,
              const std::vector<frontend::CheckAnswer>& checks, const std::string& now) {
    std::optional<std::string> of_host;
    auto of_cards = found_by_selftests(cards, checks);
    for (const auto& one : checks) {
      if (one.result != frontend::Verdict::fail) continue;
      const auto words = one.id + ": " + one.reason;
      if (!one.card.empty()) {
        of_cards.emplace(GpuName(one.card), words);
      } else if (!of_host) {
        of_host = words;
      }
    }
    inventory_.set_failing(host, of_host, of_cards, now);
  }

  void drift(const frontend::AgentAnswer& answer) {
    const auto& host = answer.host;
    const auto held = frontend::held_of(vms_, host.name);
    try {
      const auto tell = [&](const std::string& card, frontend::Verdict result,
                            const std::string& change, const std::string& details) {
        add(host.name, {"drift", card, result, change + (details.empty() ? "" : ": " + details),
                        "cluster discover host gpu " + host.name.str()});
      };
      for (const auto& one :
           frontend::match_cards(inventory_.gpu_cards(host.name), frontend::cards_of(answer), held)
               .changes) {
        tell(one.name.str(),
             is_harmful(one.change) ? frontend::Verdict::fail : frontend::Verdict::warn,
             std::string(name(one.change)), one.details);
      }
      const auto mdevs = frontend::mdevs_of(answer);
      if (!mdevs) return;
      for (const auto& one : compare(inventory_.mdevs(host.name), *mdevs, held)) {
        tell(one.mdev.parent, one.held ? frontend::Verdict::fail : frontend::Verdict::warn,
             std::string(name(one.change)) + " " + one.mdev.uuid, one.details);
      }
    } catch (const Error& error) {
      if (error.fault() != Fault::refused) throw;
      add(host.name, {"drift", "", frontend::Verdict::fail, error.what(),
                      "see `cluster list host gpu detail=yes`"});
    }
  }

  // Judges the cards of each VM of the host together.
  void far_apart(const frontend::AgentAnswer& answer) {
    const auto cards = frontend::cards_of(answer);
    for (const auto& vm : vms_) {
      if (vm.container != answer.host.name) continue;
      std::vector<virt::CardSpec> held;
      for (const auto& one : vm.gpus) {
        const auto at = std::ranges::find(cards, one.gpu, &GpuCard::name);
        if (at == cards.end()) continue;
        auto& card = held.emplace_back();
        card.name = at->name.str();
        card.kind = kind_of(*at);
        card.numa_node = at->numa_node;
      }
      const auto far = virt::far_apart(held);
      if (!far) continue;
      add(answer.host.name, {far->id, "", frontend::Verdict::warn,
                             "VM " + quote(vm.name.str()) + ": " + far->reason, far->fix});
    }
  }

  Context& context_;
  Inventory& inventory_;
  bool all_;
  bool selftest_;
  std::vector<Vm> vms_;
  std::map<HostName, std::vector<frontend::CheckAnswer>> checks_;
  Table table_{{"host", "gpu", "check", "result", "reason", "fix"}, {}};
  bool all_passed_ = true;
};

int run(Context& context, const Args& args) {
  const bool all = parse_yes_no("all", args.all);
  const bool selftest = parse_yes_no("selftest", args.selftest);
  const auto limits = frontend::limits_of(args.timeout);
  const auto hosts = frontend::select_managed(context.inventory(), args.hosts);
  if (hosts.empty()) throw Error(Fault::not_found, "check host gpu: no hosts to ask");
  return HostChecks(context, all, selftest).run(hosts, limits);
}

Action declare_check(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts to check [every managed host]");
  options.key("all", args->all, "yes: show also what passed [no]");
  options.key("selftest", args->selftest, "yes: test idle cards with the tools of their host [no]");
  options.key("timeout", args->timeout, "seconds that a host may take [60]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"check host gpu", "run the agents' checks, compare hosts with the inventory", kSeeCards,
            declare_check, Answer::table},
};

}  // namespace
}  // namespace check_host_gpu

std::span<const Command> check_host_gpu_commands() { return check_host_gpu::kCommands; }

}  // namespace cluster::cmd
