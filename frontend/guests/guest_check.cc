#include "frontend/guests/guest_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/base64.h"
#include "core/text.h"
#include "frontend/guests/guest_judgement.h"
#include "frontend/hosts/guest_agent.h"
#include "frontend/rolls/roll_store.h"
#include "frontend/vms/container_scripts.h"
#include "virt/domain_guest.h"

namespace cluster::frontend {
namespace {

// Root reads the kernel's log; another user becomes root where sudo asks nothing.
constexpr const char* kOverSsh =
    "sh -c 'if [ \"$(id -u)\" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n sh -s; fi; "
    "exec sh -s'";

// A script of ASCII as PowerShell takes it for an argument: UTF-16 in base64. It reads one on its
// standard input as if somebody typed it, and there a block is carried out after an empty line, or
// never (https://github.com/PowerShell/PowerShell/issues/3223).
std::string encoded(std::string_view script) {
  std::string wide;
  for (const char c : script) wide.append({c, '\0'});
  return base64(wide);
}

// A VM that is asked, and what it said.
struct Asked {
  VmTask* task = nullptr;
  std::string document;  // of the VM as it runs
  std::string said;      // "" = nothing
  std::string way;       // "over its agent"
  std::string why_not;   // the reasons so far that it said nothing
};

// One for each VM of a container that runs.
std::vector<Asked> running_of(VmHost& there) {
  std::vector<Asked> asked;
  for (auto& task : there.tasks) {
    if (!there.failure && !task.failure && is_running(task))
      asked.push_back({&task, "", "", "", ""});
  }
  return asked;
}

// A VM may have been given a card, or an edit, that counts at its next start.
void see_as_they_run(virt::Domains& domains, std::vector<Asked>& asked) {
  if (asked.empty()) return;
  std::vector<std::string> uuids;
  for (const auto& one : asked) uuids.push_back(one.task->vm.uuid);
  auto documents = domains.running_documents(uuids);
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i].document = std::move(documents[i]);
}

// Runs a program by the agents of those that said nothing yet.
void ask_by_agent(virt::Domains& domains, std::vector<Asked>& asked, const GuestProgram& program,
                  std::chrono::seconds deadline) {
  std::vector<Asked*> wanted;
  std::vector<std::string> uuids;
  for (auto& one : asked) {
    if (!one.said.empty()) continue;
    wanted.push_back(&one);
    uuids.push_back(one.task->vm.uuid);
  }
  if (uuids.empty()) return;
  auto outputs = run_in_guests(domains, uuids, program, deadline);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (outputs[i].failure) {
      if (wanted[i]->why_not.empty()) wanted[i]->why_not = outputs[i].failure->what();
      continue;
    }
    if (trim(outputs[i].out).empty()) {
      wanted[i]->why_not = program.path + " says nothing there, and ends with status " +
                           std::to_string(outputs[i].status);
      continue;
    }
    wanted[i]->said = std::move(outputs[i].out);
    wanted[i]->way = "over its agent";
  }
}

void ask_by_ssh(Context& context, std::vector<Asked*>& wanted, const ssh::Limits& limits) {
  OnlyHosts names{std::in_place};
  std::map<HostName, Asked*> by_name;
  for (auto* one : wanted) {
    names->push_back(one->task->vm.name);
    by_name.emplace(one->task->vm.name, one);
  }
  const auto hosts = context.inventory().hosts(names);
  const std::vector<std::string> commands(hosts.size(), kOverSsh);
  const std::vector inputs(hosts.size(),
                           ssh::Input(std::string(container_script("guest_facts.sh"))));
  for (const auto& answer : ask_hosts(context, hosts, commands, limits, inputs)) {
    auto& one = *by_name.at(answer.host.name);
    if (const auto error = unfinished(answer)) {
      one.why_not += "; over ssh: " + std::string(error->what());
    } else if (trim(answer.out).empty()) {
      one.why_not += "; over ssh: " + std::string(trim(answer.err));
    } else {
      one.said = answer.out;
      one.way = "over ssh";
    }
  }
}

class GivenBy {
 public:
  GivenBy(Inventory& inventory, bool wants_gds) : inventory_(inventory), wants_gds_(wants_gds) {}

  GivenCards of(const Asked& asked) {
    const auto& vm = asked.task->vm;
    const auto placed = virt::placed_devices(asked.document);
    const auto defined = virt::placed_devices(asked.task->domain->xml);
    const auto given_as = [&](const std::string& device, const std::string& vendor,
                              const std::string& id) {
      const auto at = std::ranges::find(placed, device, &virt::PlacedDevice::device);
      const bool is_defined =
          std::ranges::find(defined, device, &virt::PlacedDevice::device) != defined.end();
      return GivenFunction{device, at == placed.end() ? "" : at->path, is_defined, vendor, id};
    };
    GivenCards given{vm.name.str(), vm.container.str(), {}, wants_gds_};
    for (const auto& held : vm.gpus) {
      GivenCard one{held.name.str(), DeviceKind::unknown, {}};
      for (const auto& card : cards(vm.container)) {
        if (card.name != held.gpu) continue;
        one.kind = kind_of(card);
        for (const auto& function : card.functions) {
          const auto pci = function.pci.sysfs();
          one.functions.push_back(given_as(pci, function.vendor, function.device));
        }
      }
      const auto pci = held.pci.sysfs();
      if (one.functions.empty()) one.functions.push_back(given_as(pci, "", ""));
      given.cards.push_back(std::move(one));
    }
    for (const auto& held : vm.slices) {
      const auto device = held.pci ? held.pci->sysfs() : held.device;
      given.cards.push_back({held.name.str(), DeviceKind::unknown, {given_as(device, "", "")}});
    }
    return given;
  }

 private:
  const std::vector<GpuCard>& cards(const HostName& host) {
    auto at = cards_.find(host);
    if (at == cards_.end()) at = cards_.emplace(host, inventory_.gpu_cards(host)).first;
    return at->second;
  }

  Inventory& inventory_;
  bool wants_gds_;
  std::map<HostName, std::vector<GpuCard>> cards_;
};

bool has_roll(Inventory& inventory, const std::string& name) {
  const auto rolls = inventory.rolls();
  return std::ranges::any_of(
      rolls, [&](const StoredRoll& roll) { return roll.name == name && roll.enabled; });
}

GuestChecks checks_of(GivenBy& given, const Asked& asked) {
  GuestChecks result{asked.task->vm, {}};
  const auto& name = result.vm.name.str();
  if (asked.said.empty()) {
    result.checks.push_back({"I1", "", Verdict::unknown,
                             "the guest cannot be asked: " + asked.why_not,
                             "qemu-guest-agent in the guest (cluster run roll guest host=" + name +
                                 " apply=yes), or a login over ssh (vm_ssh_keys, address=)"});
    return result;
  }
  result.checks = judge_guest(given.of(asked), asked.said);
  if (result.checks.empty() || result.checks.front().id != "I1") {
    result.checks.insert(result.checks.begin(),
                         {"I1", "", Verdict::pass, "the guest answers " + asked.way, ""});
  }
  return result;
}

GuestChecks not_running(const VmTask& task) {
  const auto& name = task.vm.name.str();
  return {task.vm,
          {{"I1", "", Verdict::unknown,
            task.domain ? "it is " + std::string(virt::state_word(*task.domain))
                        : "libvirt on " + task.vm.container.str() + " does not have it",
            "cluster start host vm " + name}}};
}

}  // namespace

std::vector<GuestChecks> check_guests(Context& context, VmBatch& all, const ssh::Limits& limits) {
  // Two programs are tried, and the connection lives as long as all of it.
  const auto deadline = limits.command_timeout / 3;
  std::map<const VmHost*, std::vector<Asked>> asked;
  for (auto& there : all) asked[&there] = running_of(there);
  on_each(context, all, [&](VmHost& there) {
    auto& of_host = asked.at(&there);
    see_as_they_run(*there.domains, of_host);
    ask_by_agent(*there.domains, of_host,
                 {"/bin/sh", {"-s"}, std::string(container_script("guest_facts.sh"))}, deadline);
    ask_by_agent(*there.domains, of_host,
                 {"powershell.exe",
                  {"-NoProfile", "-NonInteractive", "-EncodedCommand",
                   encoded(container_script("guest_facts.ps1"))},
                  ""},
                 deadline);
  });
  std::vector<Asked*> silent;
  for (const auto& there : all) {
    if (there.failure) continue;
    for (auto& one : asked.at(&there)) {
      if (one.said.empty()) silent.push_back(&one);
    }
  }
  if (!silent.empty()) ask_by_ssh(context, silent, limits);
  GivenBy given(context.inventory(), has_roll(context.inventory(), "gds"));
  std::vector<GuestChecks> results;
  for (const auto& there : all) {
    if (there.failure) continue;
    for (const auto& task : there.tasks) {
      if (!task.failure && !is_running(task)) results.push_back(not_running(task));
    }
    for (const auto& one : asked.at(&there)) results.push_back(checks_of(given, one));
  }
  std::ranges::sort(results, natural_less,
                    [](const GuestChecks& one) -> std::string_view { return one.vm.name.str(); });
  return results;
}

}  // namespace cluster::frontend
