#include "node-agent/transaction/mig_steps.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/guard/card_users.h"

namespace cluster::agent {
namespace {

class NvidiaSmi {
 public:
  NvidiaSmi(const Environment& environment, const PciAddress& pci, SliceSteps& steps)
      : program_(environment.nvidia_smi.native()), pci_(pci), steps_(steps) {
    if (!std::filesystem::exists(environment.nvidia_smi)) {
      throw Error(Fault::not_found, "there is no " + program_ +
                                        ", which makes and removes MIG instances; it comes with "
                                        "NVIDIA's driver");
    }
    steps.concern(pci);
  }

  void mig(const std::vector<std::string>& options) {
    std::vector<std::string> words{program_, "mig", "-i", pci_.sysfs()};
    words.insert(words.end(), options.begin(), options.end());
    steps_.run(words);
  }

  void remove(const MigInstance& one) {
    const auto number = std::to_string(one.number);
    if (!one.compute_instances.empty()) mig({"-dci", "-gi", number});
    mig({"-dgi", "-gi", number});
  }

 private:
  std::string program_;
  PciAddress pci_;
  SliceSteps& steps_;
};

std::vector<MigInstance> instances_of(const Card& card, const std::filesystem::path& proc) {
  return mig_instances({card}, proc);
}

bool is_in(const std::vector<MigInstance>& all, const MigInstance& one) {
  return std::ranges::find(all, one.number, &MigInstance::number) != all.end();
}

// Others may make instances too, so only one that is of no use to anybody is taken for ours.
std::string put_back(const std::vector<MigInstance>& made, NvidiaSmi& smi,
                     const SliceSteps& steps) {
  if (made.empty() || !steps.stuck().empty()) return "";
  const auto& one = made.front();
  if (made.size() > 1 || !one.compute_instances.empty()) {
    return "; there is a new " + one.name() + " now, which stays";
  }
  try {
    smi.remove(one);
    return "; put back: " + one.name() + " is removed";
  } catch (const Error& error) {
    return "; NOT put back: " + one.name() + " (" + error.what() + ")";
  }
}

std::vector<MigInstance> new_instances(const Card& card, const std::filesystem::path& proc,
                                       const std::vector<MigInstance>& before) {
  auto made = instances_of(card, proc);
  std::erase_if(made, [&](const MigInstance& one) { return is_in(before, one); });
  return made;
}

// Programs that have a node of the instance, or of a compute instance in it.
Reasons users_of(const MigInstance& instance, const Card& card, const GuardInput& input) {
  const auto nodes = mig_nodes(instance, input.proc);
  const auto users = card_users(card, input);
  const ProcessTable processes(input.proc);
  Reasons reasons;
  const auto of_instance = [&](pid_t, const DeviceNumber& number) {
    const auto node = users.on_host.find(number);
    const bool ours = node != users.on_host.end() && nodes.contains(node->second);
    return ours ? node->second : std::string();
  };
  for (const auto& [pid, paths] : held_on_host(users, of_instance)) {
    const auto process = processes.describe(pid);
    if (!process.command.empty()) reasons.push_back(has_open(process, paths));
  }
  std::ranges::move(unseen_users(users), std::back_inserter(reasons));
  return reasons;
}

}  // namespace

std::optional<MigInstance> make_mig(const Card& card, const std::string& profile,
                                    const Environment& environment, SliceSteps& steps) {
  const auto& gpu = card.functions.front();
  if (card.slice || gpu.driver != "nvidia") {
    throw Error(Fault::refused,
                gpu.pci.sysfs() + (gpu.driver ? " is on " + *gpu.driver : " has no driver") +
                    ", and MIG instances are made of whole cards that NVIDIA's driver has");
  }
  NvidiaSmi smi(environment, gpu.pci, steps);
  const auto before = instances_of(card, environment.proc);
  std::string failure;
  try {
    smi.mig({"-cgi", profile, "-C"});
  } catch (const Error& error) {
    failure = error.what();
  }
  if (!steps.acts()) return std::nullopt;
  const auto made = new_instances(card, environment.proc, before);
  if (failure.empty() && made.size() == 1 && !made.front().compute_instances.empty()) {
    return made.front();
  }
  if (!failure.empty()) {
    failure += " (is MIG on, and is there room? nvidia-smi mig -i " + gpu.pci.sysfs() +
               " -lgip lists the profiles)";
  } else if (made.size() > 1) {
    failure = "there are several new instances, so others make some as well";
  } else {
    failure = made.empty() ? "nvidia-smi says that it is done, and there is no new instance"
                           : "the new instance has no compute";
  }
  throw Error(Fault::io, failure + put_back(made, smi, steps));
}

void remove_mig(const MigInstance& instance, const Card& card, const GuardInput& input,
                const Environment& environment, SliceSteps& steps) {
  NvidiaSmi smi(environment, instance.pci, steps);
  auto users = users_of(instance, card, input);
  if (!users.empty()) throw Refused({std::move(users.front())});
  try {
    smi.remove(instance);
  } catch (const Error& error) {
    const auto now = instances_of(card, environment.proc);
    const auto left = std::ranges::find(now, instance.number, &MigInstance::number);
    const auto count = instance.compute_instances.size();
    if (left == now.end() || left->compute_instances.size() == count) throw;
    const auto number = std::to_string(instance.number);
    if (count == 1 && steps.stuck().empty()) {
      smi.mig({"-cci", "-gi", number});
      throw Error(error.fault(), std::string(error.what()) + "; put back: its compute instance");
    }
    throw Error(error.fault(), std::string(error.what()) +
                                   "; NOT put back: its compute instances (nvidia-smi mig -i " +
                                   instance.pci.sysfs() + " -cci -gi " + number + ")");
  }
  if (steps.acts() && is_in(instances_of(card, environment.proc), instance)) {
    throw Error(Fault::io, "nvidia-smi says that it is done, and the instance is still there");
  }
}

}  // namespace cluster::agent
