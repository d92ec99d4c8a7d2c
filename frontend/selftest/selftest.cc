#include "frontend/selftest/selftest.h"

#include <algorithm>

#include "core/stub_driver.h"
#include "core/text.h"
#include "frontend/hosts/sudo.h"
#include "frontend/selftest/selftest_judgement.h"
#include "frontend/vms/container_scripts.h"

namespace cluster::frontend {
namespace {

constexpr std::chrono::seconds kCardLimit{360};  // of all tools in selftest.sh

// A host, its cards that are to be tested, and the checks so far.
struct Subject {
  Host host;
  std::vector<GpuCard> cards;
  std::vector<CheckAnswer> checks;

  void skip(const GpuCard& card, const std::string& why, const std::string& fix = "") {
    checks.push_back({"T0", card.name.str(), Verdict::unknown, "not tested: " + why, fix});
  }
};

std::string held_by(const std::vector<Vm>& vms, const HostName& host, const GpuName& card) {
  for (const auto& vm : vms) {
    if (vm.container != host) continue;
    for (const auto& held : vm.gpus) {
      if (held.gpu == card) return ", for VM " + quote(vm.name.str());
    }
  }
  return "";
}

// Leaves out the cards that their native driver does not have.
Subject attached_of(const AgentAnswer& answer, const std::vector<Vm>& vms) {
  Subject subject{answer.host, {}, {}};
  const auto drivers = drivers_of(answer);
  const auto stub = stub_driver_of(answer);
  for (const auto& card : cards_of(answer)) {
    const auto at = drivers.find(card.pci);
    const auto driver = at == drivers.end() ? std::string() : at->second;
    if (card.missing) {
      subject.skip(card, "the host does not have it");
    } else if (driver == "nvidia" || driver == "amdgpu") {
      subject.cards.push_back(card);
    } else if (is_stub_driver(driver, stub)) {
      subject.skip(card,
                   "it is detached (" + driver + ")" + held_by(vms, answer.host.name, card.name),
                   "cluster attach host gpu " + answer.host.name.str() + " " + card.name.str());
    } else {
      subject.skip(card, driver.empty() ? "no driver has it" : "its driver is " + driver,
                   "want nvidia or amdgpu");
    }
  }
  return subject;
}

// Leaves out the cards that gpupci would not take from the host now.
void keep_idle(Subject& subject, const AgentAnswer& answer) {
  std::vector<CardOutcome> outcomes;
  const auto error = take_answer(answer, [&](const auto& said) { outcomes = outcomes_of(said); });
  const auto cards = std::exchange(subject.cards, {});
  for (const auto& card : cards) {
    const auto at = std::ranges::find_if(outcomes, [&](const CardOutcome& one) {
      return one.name.str() == card.name.str() && one.pci == card.pci;
    });
    if (error || at == outcomes.end()) {
      subject.skip(card, error ? error->what() : "gpupci does not say whether it is in use");
    } else if (at->error.empty() && at->result == CardResult::would_detach) {
      subject.cards.push_back(card);
    } else {
      subject.skip(card, "it is in use: " + (at->error.empty() ? at->word : at->error));
    }
  }
}

std::vector<Host> hosts_of(const std::vector<Subject>& subjects) {
  std::vector<Host> hosts;
  for (const auto& one : subjects) hosts.push_back(one.host);
  return hosts;
}

std::string command_for(const Subject& subject) {
  std::string command = "sh -s";
  for (const auto& card : subject.cards) command += " " + card.name.str() + "=" + card.pci.sysfs();
  return as_root(subject.host, command);
}

// The reason why the script did not come to its end, if it did not.
std::string why_cut(const AgentAnswer& answer) {
  if (const auto error = unfinished(answer)) return error->what();
  if (answer.reply.status == 0) return "";
  const auto line = trim(split(answer.err, '\n')[0]);
  return line.empty() ? "it ended with status " + std::to_string(answer.reply.status)
                      : printable(line);
}

void test(Context& context, std::vector<Subject>& subjects, ssh::Limits limits) {
  std::vector<std::string> commands;
  std::size_t most = 0;
  for (const auto& one : subjects) {
    commands.push_back(command_for(one));
    most = std::max(most, one.cards.size());
  }
  limits.command_timeout += kCardLimit * most;
  const std::vector inputs(subjects.size(),
                           ssh::Input(std::string(container_script("selftest.sh"))));
  const auto answers = ask_hosts(context, hosts_of(subjects), commands, limits, inputs);
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    auto checks = judge_selftest(subjects[i].cards, answers[i].out, why_cut(answers[i]));
    std::ranges::move(checks, std::back_inserter(subjects[i].checks));
  }
}

}  // namespace

std::map<HostName, std::vector<CheckAnswer>> selftest(Context& context,
                                                      const std::vector<AgentAnswer>& listed,
                                                      const std::vector<Vm>& vms,
                                                      const ssh::Limits& limits) {
  std::map<HostName, std::vector<CheckAnswer>> results;
  std::vector<Subject> subjects;
  const auto settle = [&] {
    std::erase_if(subjects, [&](const Subject& one) {
      if (one.cards.empty()) results[one.host.name] = one.checks;
      return one.cards.empty();
    });
  };
  for (const auto& answer : listed) {
    take_answer(answer, [&](const auto& said) { subjects.push_back(attached_of(said, vms)); });
  }
  settle();
  const auto idle = ask_agents(context, hosts_of(subjects), "-d all --json --dry-run", limits);
  for (std::size_t i = 0; i < subjects.size(); ++i) keep_idle(subjects[i], idle[i]);
  settle();
  if (!subjects.empty()) test(context, subjects, limits);
  for (const auto& one : subjects) results[one.host.name] = one.checks;
  return results;
}

}  // namespace cluster::frontend
