#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "cmd/commands.h"
#include "cmd/consent.h"
#include "cmd/context.h"
#include "cmd/host_arguments.h"
#include "cmd/line/command.h"
#include "cmd/networks.h"
#include "cmd/new_names.h"
#include "core/error.h"
#include "core/expanded_names.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_occupants.h"

namespace cluster::cmd {
namespace host {
namespace {

constexpr int kMaxInt = std::numeric_limits<int>::max();
constexpr const char* kDefaultAppliance = "vm-container";

// The keys of a host. A key that was not typed leaves its value as it is; an empty one ("rack=")
// makes its value unknown.
struct HostKeys {
  std::optional<std::string> address, port, jump, subnet, mac, user, sudo, appliance, rack, rank,
      cpus, maintenance, reason;

  void declare(Options& options) {
    options.key("address", address,
                "IP address or DNS name for ssh; of a range, the first one [HOST itself]");
    options.key("port", port, "port of its sshd [~/.ssh/config, else 22]");
    options.key("jump", jump,
                "jump hosts on the way to it, as ssh -J takes them [those of ~/.ssh/config]");
    options.key("subnet", subnet,
                "network of `cluster list network` that its address is in [none]");
    options.key("mac", mac, "MAC address of the interface that has its address");
    options.key("user", user,
                "login name there [attribute ssh_user, ~/.ssh/config, else your own]");
    options.key("sudo", sudo,
                "yes: root's work goes by `sudo -n` there [attribute ssh_sudo, else no]");
    options.key("appliance", appliance,
                "one of `cluster list appliance` [from the name: compute-0-3; else vm-container]");
    options.key("rack", rack, "rack number [from the name]");
    options.key("rank", rank, "place in the rack [from the name]");
    options.key("cpus", cpus, "number of CPUs");
    options.key("maintenance", maintenance,
                "yes: `gpus=` gives it no VM, and none starts there [no]");
    options.key("reason", reason, "of maintenance=yes, for those who ask");
  }

  void apply(Host& host) const {
    const auto number = [](const char* key, const auto& text, std::optional<int>& into, int min,
                           int max) {
      if (text) into = parse_optional_int(key, *text, min, max);
    };
    number("port", port, host.port, 1, kMaxPort);
    number("rack", rack, host.rack, 0, kMaxInt);
    number("rank", rank, host.rank, 0, kMaxInt);
    number("cpus", cpus, host.cpus, 1, kMaxInt);
    if (appliance) set_appliance(host);
    if (address)
      host.address = address->empty() ? std::nullopt : std::optional(parse_address(*address));
    if (jump) host.jump = jump->empty() ? std::nullopt : std::optional(parse_jump(*jump));
    if (subnet) host.network = subnet->empty() ? std::nullopt : subnet;
    if (mac) host.mac = mac->empty() ? std::nullopt : std::optional(MacAddress::parse(*mac));
    if (host.mac && host.appliance == "vm") {
      throw Error(Fault::usage, "mac= is for physical hosts: that of VM " + quote(host.name.str()) +
                                    " is its interface's");
    }
    if (user) host.user = user->empty() ? std::nullopt : std::optional(parse_user(*user));
    if (sudo) host.sudo = sudo->empty() ? std::nullopt : std::optional(parse_yes_no("sudo", *sudo));
    apply_maintenance(host);
  }

  bool empty() const {
    return !address && !port && !jump && !subnet && !mac && !user && !sudo && !appliance && !rack &&
           !rank && !cpus && !maintenance && !reason;
  }

  // True if hosts are taken out of use.
  bool begins_maintenance() const {
    return maintenance && parse_yes_no("maintenance", *maintenance);
  }

 private:
  void set_appliance(Host& host) const {
    if (*appliance == "vm" && host.appliance != "vm") {
      throw Error(Fault::usage, "appliance=vm: host " + quote(host.name.str()) +
                                    " would be a VM on no container (`cluster add host vm` adds "
                                    "VMs)");
    }
    host.appliance = *appliance;
  }

  void apply_maintenance(Host& host) const {
    if (maintenance) {
      if (!parse_yes_no("maintenance", *maintenance)) {
        if (reason) throw Error(Fault::usage, "reason= is for maintenance=yes");
        host.maintenance.reset();
        return;
      }
      if (!host.maintenance) host.maintenance.emplace();
    }
    if (!reason) return;
    if (!host.maintenance) {
      throw Error(Fault::usage, "reason= is for maintenance=yes, and host " +
                                    quote(host.name.str()) + " is in use");
    }
    host.maintenance = parse_reason(*reason);
  }
};

// Rocks' names say what a host is: "vm-container-0-15" is the vm-container of rank 15 in rack 0.
Host guessed(const std::vector<std::string>& appliances, const HostName& name) {
  Host host{name, kDefaultAppliance, {}, {}, {}, {}, {}, {}};
  const auto& text = name.str();
  const auto last = text.rfind('-');
  const auto middle = last == std::string::npos || last == 0 ? last : text.rfind('-', last - 1);
  if (middle == std::string::npos || last == std::string::npos) return host;
  const auto rack = parse_number(text.substr(middle + 1, last - middle - 1));
  const auto rank = parse_number(text.substr(last + 1));
  const auto appliance = text.substr(0, middle);
  if (!rack || !rank || *rack > kMaxInt || *rank > kMaxInt || appliance == "vm" ||
      std::ranges::find(appliances, appliance) == appliances.end()) {
    return host;
  }
  host.appliance = appliance;
  host.rack = static_cast<int>(*rack);
  host.rank = static_cast<int>(*rank);
  return host;
}

// An address that is an IP address is in the network that the host names.
void require_in_its_network(Inventory& inventory, const Host& host) {
  if (!host.network) return;
  const auto network = inventory.require_network(*host.network);
  if (host.address) require_in_network(network, *host.address);
}

struct AddArgs {
  std::string host;
  std::optional<std::string> ip;
  HostKeys keys;
};

// The new hosts, whose names may say that they are of one of `appliances`.
std::vector<Host> typed_hosts(const AddArgs& args, const std::vector<std::string>& appliances) {
  auto keys = args.keys;
  if (args.ip && keys.address) throw Error(Fault::usage, "want address= or ip=, not both");
  if (args.ip) keys.address = args.ip;
  const auto names = expanded_names(args.host);
  std::vector<std::string> addresses;
  if (keys.address && !keys.address->empty()) {
    addresses = counting_addresses(*keys.address, names.size());
  }
  if (keys.mac && names.size() > 1) throw Error(Fault::usage, "mac= is for one host");
  std::vector<Host> hosts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    hosts.push_back(guessed(appliances, HostName(names[i])));
    if (!addresses.empty()) keys.address = addresses[i];
    keys.apply(hosts.back());
  }
  return hosts;
}

int run_add(Context& context, const AddArgs& args) {
  typed_hosts(args, {});  // what is wrong makes no file
  auto& inventory = context.inventory(Inventory::Open::create);
  std::size_t count = 0;
  inventory.together("add host", [&] {
    const auto appliances = inventory.appliances();
    const auto hosts = typed_hosts(args, appliances);
    for (const auto& host : hosts) {
      require_in_its_network(inventory, host);
      refuse_words(appliances, "host name", host.name.str());
      inventory.add_host(host);
    }
    count = hosts.size();
  });
  say_how_many(context, "added", count, "hosts");
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<AddArgs>();
  options.argument("HOST", args->host, "name of the new host, or a range: n[1-4]").required();
  args->keys.declare(options);
  options.key("ip", args->ip, "another name of address=");
  return [args](Context& context) { return run_add(context, *args); };
}

struct SetArgs {
  std::vector<std::string> hosts;
  HostKeys keys;
};

// Reads the hosts again, as others may have changed them since. Throws where one of them is gone.
std::vector<Host> as_they_are_now(Inventory& inventory, const std::vector<Host>& hosts) {
  OnlyHosts names{std::in_place};
  for (const auto& host : hosts) names->push_back(host.name);
  auto now = inventory.hosts(names);
  if (now.size() != hosts.size()) {
    for (const auto& host : hosts) {
      static_cast<void>(frontend::find_host(inventory, host.name.str()));
    }
  }
  return now;
}

int run_set(Context& context, const SetArgs& args) {
  auto& inventory = context.inventory();
  // The words may come from standard input, for which nobody else is to wait.
  auto hosts = frontend::select_hosts(inventory, args.hosts);
  // A word key=value that is no key was taken for a host, and is told as one before.
  if (args.keys.empty()) throw Error(Fault::usage, "set host: nothing to set (want key=value)");
  inventory.together("set host", [&] {
    hosts = as_they_are_now(inventory, hosts);
    for (auto& host : hosts) {
      args.keys.apply(host);
      require_in_its_network(inventory, host);
    }
    inventory.set_hosts(hosts);
  });
  say_how_many_of(context, "changed", hosts.size(), "hosts", args.hosts);
  if (args.keys.begins_maintenance()) {
    for (const auto& line : frontend::who_runs(context, hosts)) context.output.note(line);
  }
  return 0;
}

Action declare_set(Options& options) {
  auto args = std::make_shared<SetArgs>();
  options.argument("HOST", args->hosts, "hosts to change").required();
  args->keys.declare(options);
  return [args](Context& context) { return run_set(context, *args); };
}

struct HostArgs {
  std::vector<std::string> hosts;
};

struct ListArgs {
  std::vector<std::string> hosts;
  std::string detail = "no";
};

// The same rows with ages for the times in the last two columns.
TextRows with_ages(const TextRows& rows) {
  const auto now = utc_now();
  TextRows aged(rows.columns());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      const auto cell = rows.at(row, column);
      const bool is_time = column + 2 >= rows.columns() && cell.kind == TextRows::Kind::text;
      if (is_time) {
        aged.add(frontend::age(std::string(cell.text), now));
      } else {
        aged.add(cell);
      }
    }
  }
  return aged;
}

int run_list(Context& context, const ListArgs& args) {
  const bool has_detail = parse_yes_no("detail", args.detail);
  std::vector<std::string> columns{"host",    "appliance", "rack", "rank", "cpus",
                                   "address", "port",      "user", "sudo", "maintenance"};
  if (has_detail)
    columns.insert(columns.end(), {"subnet", "mac", "jump", "failing", "seen", "checked"});
  auto& inventory = context.inventory();
  std::optional<TextRows> rows;
  inventory.look_together("list host", [&] {
    rows = inventory.host_rows(frontend::select_only(inventory, args.hosts), has_detail);
  });
  context.output.table(columns, has_detail ? with_ages(*rows) : *rows);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<ListArgs>();
  options.argument("HOST", args->hosts, "hosts to show [all]");
  options.key("detail", args->detail,
              "yes: also its network, MAC address, jump hosts, failure, and ages [no]");
  return [args](Context& context) { return run_list(context, *args); };
}

struct RemoveArgs {
  std::vector<std::string> hosts;
  Consent consent;
};

// "1 card", "2 cards".
std::string counted(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

int run_remove(Context& context, const RemoveArgs& args) {
  std::vector<HostName> names;
  std::vector<std::string> texts;
  for (const auto& host : frontend::select_hosts(context.inventory(), args.hosts)) {
    names.push_back(host.name);
    texts.push_back(host.name.str());
  }
  require_consent(context, args.consent, "remove host", {"hosts", args.hosts, texts});
  auto& inventory = context.inventory();
  std::size_t cards = 0;
  inventory.together("remove host", [&] {
    cards = inventory.host_gpus(names).size();
    inventory.remove_hosts(names);
  });
  if (cards == 0) {
    say_how_many(context, "removed", names.size(), "hosts");
  } else {  // nobody typed that they are to go
    context.output.note("removed " + counted(names.size(), "host") + " with " +
                        counted(cards, "card"));
  }
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<RemoveArgs>();
  options.argument("HOST", args->hosts, "hosts to remove, with their cards").required();
  args->consent.declare(options);
  return [args](Context& context) { return run_remove(context, *args); };
}

int run_dump(Context& context, const HostArgs& args) {
  const auto appliances = context.inventory().appliances();
  for (const auto& host : frontend::select_hosts(context.inventory(), args.hosts)) {
    if (host.appliance == "vm") continue;  // `dump host vm` has it
    std::string line = "cluster add host " + host.name.str() + " appliance=" + host.appliance;
    // The name may say a rack and a rank that the row does not have. The guess must not come back.
    const Host guess = guessed(appliances, host.name);
    if (guess.rack && !host.rack) line += " rack=";
    if (guess.rank && !host.rank) line += " rank=";
    line += host_arguments(host);
    context.output.line(line);
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<HostArgs>();
  options.argument("HOST", args->hosts, "hosts to write down [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"add host", "record a physical host", kKeepInventory, declare_add},
    Command{"dump host", "print the commands that add the hosts again", kKeepInventory,
            declare_dump},
    Command{"list host", "show the hosts", kKeepInventory, declare_list, Answer::table},
    Command{"remove host", "take hosts out of the inventory", kKeepInventory, declare_remove},
    Command{"set host", "change what is known of hosts", kKeepInventory, declare_set},
};

}  // namespace
}  // namespace host

std::string host_arguments(const Host& host) {
  std::string words;
  const auto number = [&](const char* key, const std::optional<int>& value) {
    if (value) words += std::string(" ") + key + "=" + std::to_string(*value);
  };
  number("rack", host.rack);
  number("rank", host.rank);
  number("cpus", host.cpus);
  if (host.address) words += " address=" + shell_word(*host.address);
  number("port", host.port);
  if (host.jump) words += " jump=" + shell_word(*host.jump);
  if (host.network) words += " subnet=" + *host.network;
  if (host.mac) words += " mac=" + host.mac->str();
  if (host.user) words += " user=" + shell_word(*host.user);
  if (host.sudo) words += *host.sudo ? " sudo=yes" : " sudo=no";
  if (host.maintenance) {
    words += " maintenance=yes";
    if (!host.maintenance->empty()) words += " reason=" + shell_word(*host.maintenance);
  }
  return words;
}

std::span<const Command> host_commands() { return host::kCommands; }

}  // namespace cluster::cmd
