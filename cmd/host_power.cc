#include <algorithm>
#include <array>
#include <csignal>

#include "cmd/commands.h"
#include "cmd/consent.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/at_once.h"
#include "core/error.h"
#include "core/folded_names.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/fence_agent.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace host_power {
namespace {

using frontend::Power;

constexpr std::size_t kAtOnce = 16;  // agents, which are Python programs

struct Args {
  std::vector<std::string> hosts;
  std::string action;
  std::string timeout = "120";
  Consent consent;
};

Power parse_action(const std::string& text) {
  if (text == "on") return Power::on;
  if (text == "off") return Power::off;
  if (text == "cycle") return Power::cycle;
  if (text == "status") return Power::status;
  throw Error(Fault::usage, "action=" + quote(text) + ": want on, off, cycle or status");
}

// Ctrl-C between the off and the on of a cycle would leave a host without power. So the agents that
// have begun end first, no other begins, and the signal comes when this goes. Signals that are
// ignored (nohup) stay so.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    for (const int number : kNumbers) {
      struct sigaction now {};
      if (sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
        sigaddset(&held_, number);
      }
    }
    pthread_sigmask(SIG_BLOCK, &held_, &before_);
  }
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  static bool came() {
    sigset_t waiting;
    if (sigpending(&waiting) != 0) return false;
    return std::ranges::any_of(kNumbers,
                               [&](int number) { return sigismember(&waiting, number) == 1; });
  }

 private:
  static constexpr std::array kNumbers{SIGINT, SIGTERM, SIGHUP};

  sigset_t held_{};
  sigset_t before_{};
};

// One host, the way to its switch, and what became of it.
struct Task {
  HostName host;
  frontend::FenceDevice device;
  frontend::PowerAnswer answer;
  std::optional<Error> failure;
};

// Refuses all when there is no way to one of them.
std::vector<Task> tasks_for(Inventory& inventory, const std::vector<Host>& hosts) {
  const AttributeResolver resolver(inventory.attributes());
  std::vector<Task> tasks;
  std::vector<std::string> without;
  for (const auto& host : hosts) {
    const auto& name = host.name.str();
    if (host.appliance == "vm") {
      throw Error(Fault::usage, quote(name) + " is a VM: `cluster stop host vm " + name +
                                    "`, `cluster start host vm " + name + "`");
    }
    const auto attributes = resolver.resolve({host.appliance, {}, host.name});
    const auto at = attributes.find("fence");
    if (at == attributes.end() || at->second.value.empty()) {
      without.push_back(name);
    } else {
      tasks.push_back({host.name, frontend::parse_fence(at->second.value, host.name), {}, {}});
    }
  }
  if (without.empty()) return tasks;
  throw Error(Fault::not_found,
              folded_names(without) +
                  ": no attribute fence says how the power is switched: "
                  "`cluster set host attr " +
                  without.front() +
                  " fence \"fence_ipmilan ip=ADDRESS username=NAME password_file=FILE\"`");
}

// The VMs of the hosts are shown too: whoever wrote down a host's name need not know of them.
void require_consent(Context& context, const Args& args, const std::vector<Host>& hosts) {
  const std::string deed = "set host power";
  std::vector<std::string> names;
  OnlyHosts only{std::in_place};
  for (const auto& host : hosts) {
    names.push_back(host.name.str());
    only->push_back(host.name);
  }
  std::vector<std::string> vms;
  for (const auto& vm : context.inventory().vms(only)) vms.push_back(vm.name.str());
  if (vms.empty()) {
    cmd::require_consent(context, args.consent, deed, {"hosts", args.hosts, names});
  } else {
    ask_consent(context, args.consent, deed,
                deed + ": action=" + args.action + " takes the power from " +
                    how_many(names, "hosts") + ", with " + how_many(vms, "VMs"),
                "want yes=yes");
  }
}

int report(Context& context, const std::vector<Task>& tasks, Power power) {
  FoldedNotes notes;
  Table table{{"host", "power"}, {}};
  std::size_t done = 0;
  for (const auto& task : tasks) {
    const auto& name = task.host.str();
    if (task.failure) {
      notes.add(name, *task.failure);
      continue;
    }
    ++done;
    if (!task.answer.warning.empty()) notes.add(name, ": " + task.answer.warning);
    table.rows.push_back({name, task.answer.state});
  }
  notes.print(context.output);
  if (power == Power::status) {
    context.output.table_unless_empty(table);
  } else {
    say_how_many(context, power == Power::cycle ? "power cycled" : "switched", done, "hosts");
  }
  return notes.status();
}

int run(Context& context, const Args& args) {
  const auto power = parse_action(args.action);
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  const auto hosts = frontend::select_hosts(inventory, args.hosts);
  auto tasks = tasks_for(inventory, hosts);
  if (power == Power::off || power == Power::cycle) require_consent(context, args, hosts);

  const HeldSignals held;
  const ssh::Warden warden;
  at_once(tasks.size(), kAtOnce, [&](std::size_t i) {
    auto& task = tasks[i];
    try {
      if (HeldSignals::came()) throw Error(Fault::io, "interrupted before it began");
      task.answer = frontend::switch_power(warden, task.device, power, limits.command_timeout);
    } catch (const Error& error) {
      task.failure = error;
    }
  });
  return report(context, tasks, power);
}

Action declare_set(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts, appliances, racks, patterns").required();
  options.key("action", args->action, "on, off, cycle (off, then on) or status").required();
  options.key("timeout", args->timeout, "seconds that a host may take [120]");
  args->consent.declare(options);
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"set host power", "switch the power of hosts, or show whether it is on", kPrepareHosts,
            declare_set, Answer::table},
};

}  // namespace
}  // namespace host_power

std::span<const Command> host_power_commands() { return host_power::kCommands; }

}  // namespace cluster::cmd
