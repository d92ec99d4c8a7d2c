#include "frontend/hosts/agent_install.h"

#include "core/error.h"
#include "core/own_program.h"
#include "core/sha256.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/sudo.h"

namespace cluster::frontend {
namespace {

bool has_not_failed(const AgentUpgrade& one) { return one.result != UpgradeResult::failed; }

std::optional<std::string> if_any(const std::string& value) {
  return value.empty() ? std::nullopt : std::optional(value);
}

}  // namespace

std::string_view name(UpgradeResult result) {
  switch (result) {
    case UpgradeResult::wanted:
      return "would be installed";
    case UpgradeResult::current:
      return "current";
    case UpgradeResult::newer:
      return "newer";
    case UpgradeResult::installed:
      return "installed";
    case UpgradeResult::unit_written:
      return "unit written";
    case UpgradeResult::unit_would_be_written:
      return "unit would be written";
    case UpgradeResult::settings_written:
      return "settings written";
    case UpgradeResult::failed:
      break;
  }
  return "failed";
}

std::optional<std::filesystem::path> own_gpupci() {
  std::error_code none;
  const auto folder = own_program().parent_path();
  // The package has `cluster` in /usr/sbin, and gpupci in /usr/bin.
  for (auto file : {folder / "gpupci", folder.parent_path() / "bin/gpupci"}) {
    if (std::filesystem::is_regular_file(file, none)) return file;
  }
  return std::nullopt;
}

DeliveredFile gpupci_for_delivery(const std::filesystem::path& from) {
  auto file = read_for_delivery(from, "");
  file.mode = 0755;
  file.keeps_old = true;
  file.has_to_run = true;
  return file;
}

void AgentInstall::fail(AgentUpgrade& one, const Error& error) {
  failures_.push_back({one.host.name.str(), error});
  one.result = UpgradeResult::failed;
}

// Lets root carry out `order`, a command and its input, on the hosts that are `wanted`.
template <typename Wanted, typename Order, typename Take>
void AgentInstall::by_root(Wanted wanted, Order order, Take take) {
  std::vector<AgentUpgrade*> upgrades;
  std::vector<Host> hosts;
  std::vector<std::string> commands;
  std::vector<ssh::Input> inputs;
  for (auto& one : upgrades_) {
    if (!wanted(one)) continue;
    auto [command, input] = order(one);
    upgrades.push_back(&one);
    hosts.push_back(one.host);
    commands.push_back(as_root(one.host, command));
    inputs.push_back(std::move(input));
  }
  if (hosts.empty()) return;
  const auto answers = ask_hosts(context_, hosts, commands, limits_, inputs);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    try {
      take(*upgrades[i], answers[i]);
    } catch (const Error& error) {
      fail(*upgrades[i], error);
    }
  }
}

void AgentInstall::ask(const std::vector<Host>& hosts, const std::string& path) {
  const std::vector commands(hosts.size(), question_of_program(path));
  for (const auto& answer : ask_hosts(context_, hosts, commands, limits_)) {
    try {
      upgrades_.push_back({answer.host, program_of(answer)});
    } catch (const Error& error) {
      failures_.push_back({answer.host.name.str(), error});
    }
  }
}

void AgentInstall::decide(const DeliveredFile& file) {
  const auto checksum = sha256_hex(file.bytes);
  const auto machine = machine_of(file.bytes);
  for (auto& one : upgrades_) {
    if (one.result != UpgradeResult::wanted) continue;
    const auto& told = one.program;
    if (told.checksum == checksum) {
      one.result = UpgradeResult::current;
    } else if (!machine.empty() && told.machine != machine) {
      fail(one, Error(Fault::refused, "it is " + quote(told.machine) + ", and " + quote(file.name) +
                                          " is for " + machine + ": want from= of another one"));
    } else if (told.is_packaged) {
      fail(one, Error(Fault::refused,
                      quote(told.path) + " is of a package: upgrade that, or remove it"));
    }
  }
}

void AgentInstall::deliver(DeliveredFile file) {
  std::map<std::string, Delivery> deliveries;  // by path
  const auto order = [&](const AgentUpgrade& one) {
    file.path = one.program.path;
    const auto at = deliveries.contains(file.path)
                        ? deliveries.find(file.path)
                        : deliveries.emplace(file.path, Delivery({file})).first;
    return std::pair(at->second.command(), at->second.input());
  };
  by_root([](const AgentUpgrade& one) { return one.result == UpgradeResult::wanted; }, order,
          [](AgentUpgrade& one, const AgentAnswer& answer) {
            delivered(answer, 1);
            one.result = UpgradeResult::installed;
          });
}

void AgentInstall::write_units() {
  const auto order = [](const AgentUpgrade& one) {
    return std::pair(unit_of_program(one.program.path), ssh::Input());
  };
  by_root(has_not_failed, order, [](AgentUpgrade& one, const AgentAnswer& answer) {
    auto program = program_of(answer);
    if (program.version.empty()) throw Error(Fault::io, "it does not run there");
    if (program.has_new_unit && one.result == UpgradeResult::current) {
      one.result = UpgradeResult::unit_written;
    }
    one.program = std::move(program);
  });
}

void AgentInstall::look_at_units() {
  std::vector<AgentUpgrade*> upgrades;
  std::vector<Host> hosts;
  std::vector<std::string> commands;
  for (auto& one : upgrades_) {
    if (one.result != UpgradeResult::current) continue;
    upgrades.push_back(&one);
    hosts.push_back(one.host);
    commands.push_back(look_at_unit_of_program(one.program.path));
  }
  if (hosts.empty()) return;
  const auto answers = ask_hosts(context_, hosts, commands, limits_);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    try {
      if (program_of(answers[i]).has_new_unit) {
        upgrades[i]->result = UpgradeResult::unit_would_be_written;
      }
    } catch (const Error& error) {
      fail(*upgrades[i], error);
    }
  }
}

void AgentInstall::deliver_settings(const DeliveredFile& file) {
  const Delivery delivery({file});
  const auto order = [&](const AgentUpgrade&) {
    return std::pair(delivery.command(), delivery.input());
  };
  by_root(has_not_failed, order, [](AgentUpgrade& one, const AgentAnswer& answer) {
    const bool is_new = delivered(answer, 1).front();
    if (is_new && one.result == UpgradeResult::current) {
      one.result = UpgradeResult::settings_written;
    }
  });
}

std::string AgentInstall::store() const {
  const auto now = utc_now();
  std::map<HostName, HostAgent> agents;
  for (const auto& one : upgrades_) {
    const auto& told = one.program;
    agents[one.host.name] = {if_any(told.version), now, told.path, if_any(told.checksum)};
  }
  auto& inventory = context_.inventory();
  return store_aside(inventory, "sync host agent", [&] { inventory.store_host_agents(agents); });
}

}  // namespace cluster::frontend
