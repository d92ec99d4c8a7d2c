#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "cmd/attr.h"
#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/roll_attr.h"
#include "core/error.h"
#include "core/natural_key.h"
#include "core/text.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/rolls/roll_store.h"

namespace cluster::cmd {
namespace attr_list {
namespace {

struct ListArgs {
  std::vector<std::string> words;
  std::optional<std::string> name;

  bool wants(std::string_view attribute) const { return !name || *name == attribute; }
};

// The value that counts for one host or appliance, and the place where it was set.
struct Counting {
  std::string value;
  std::optional<AttributeSource> source;  // none: the value is the default of `roll`
  std::string roll;
};

using AllCounting = std::map<std::string, Counting, std::less<>>;

// The attributes that are set, and the defaults that the rolls for `scope` have for the others.
AllCounting counting_for(const AttributeResolver& resolver, const std::vector<rolls::Roll>& rolls,
                         const AttributeScope& scope) {
  AllCounting all;
  for (const auto& [name, one] : resolver.resolve(scope)) {
    all.emplace(name, Counting{one.value, one.source, ""});
  }
  for (const auto& roll : rolls) {
    if (!scope.appliance || !concerns(roll, *scope.appliance)) continue;
    for (const auto& one : roll.attributes) {
      all.emplace(one.name, Counting{one.value, {}, roll.name});
    }
  }
  return all;
}

// The letters are those of `rocks list host attr`; C and R are ours.
const char* letter_of(const std::optional<AttributeSource>& source) {
  if (!source) return "R";
  switch (*source) {
    case AttributeSource::global:
      return "G";
    case AttributeSource::appliance:
      return "A";
    case AttributeSource::container:
      return "C";
    case AttributeSource::host:
      return "H";
  }
  return "";
}

int run_list_hosts(Context& context, const ListArgs& args) {
  Table table{{"host", "attr", "value", "source"}, {}};
  auto& inventory = context.inventory();
  const auto hosts = frontend::select_hosts(inventory, args.words);
  const auto containers = containers_of(inventory, hosts);
  const AttributeResolver resolver(inventory.attributes(owners_of(hosts, containers)));
  const auto rolls = frontend::described_rolls(inventory);
  for (const auto& host : hosts) {
    for (const auto& [name, one] : counting_for(resolver, rolls, scope_of(host, containers))) {
      if (!args.wants(name)) continue;
      table.rows.push_back({host.name.str(), name, one.value, letter_of(one.source)});
    }
  }
  context.output.table(table);
  return 0;
}

// The attributes that are stored for `noun`. When `words` names owners, only theirs.
std::vector<Attribute> stored(Inventory& inventory, Noun noun, const ListArgs& args) {
  std::set<std::string> owners;
  if (noun == Noun::appliance) {
    for (const auto& word : args.words) inventory.require_appliance(word);
    owners.insert(args.words.begin(), args.words.end());
  }
  OnlyHosts hosts{std::in_place};
  if (noun == Noun::host) hosts = frontend::select_only(inventory, args.words);
  auto attributes = inventory.attributes(hosts);
  std::erase_if(attributes, [&](const Attribute& one) {
    if (!args.wants(one.name)) return true;
    switch (noun) {
      case Noun::global:
        return one.appliance || one.host;
      case Noun::appliance:
        return !one.appliance || (!owners.empty() && !owners.contains(*one.appliance));
      case Noun::host:
        return !one.host;
    }
    return true;
  });
  if (noun == Noun::host) {
    sort_naturally(attributes,
                   [](const Attribute& one) -> const std::string& { return one.host->str(); });
  }
  return attributes;
}

int run_list(Context& context, const ListArgs& args, Noun noun) {
  if (noun == Noun::host) return run_list_hosts(context, args);
  Table table{{"attr", "value"}, {}};
  if (noun == Noun::appliance) table.columns.insert(table.columns.begin(), "appliance");
  for (const auto& one : stored(context.inventory(), noun, args)) {
    auto& row = table.rows.emplace_back();
    if (one.appliance) row.emplace_back(*one.appliance);
    row.emplace_back(one.name);
    row.emplace_back(one.value);
  }
  context.output.table(table);
  return 0;
}

// Declares the arguments that `list` and `dump` share.
std::shared_ptr<ListArgs> declare_owners(Options& options, Noun noun, const char* what) {
  auto args = std::make_shared<ListArgs>();
  if (noun != Noun::global) {
    options.argument(noun == Noun::host ? "HOST" : "APPLIANCE", args->words, what);
  }
  options.key("attr", args->name, "only the attributes of this name [all]");
  return args;
}

template <Noun noun>
Action declare_list(Options& options) {
  auto args = declare_owners(options, noun, "whose attributes [all]");
  return [=](Context& context) { return run_list(context, *args, noun); };
}

struct ReportArgs {
  std::string owner;
  std::string name;
};

// Says in words where the value was set: "container vm-container-0-15".
std::string origin_of(const Counting& one, const AttributeScope& scope) {
  if (!one.source) return "roll " + one.roll;
  switch (*one.source) {
    case AttributeSource::global:
      return "global";
    case AttributeSource::appliance:
      return "appliance " + *scope.appliance;
    case AttributeSource::container:
      return "container " + scope.container->str();
    case AttributeSource::host:
      return "host " + scope.host->str();
  }
  return "";
}

int run_report(Context& context, const ReportArgs& args, Noun noun) {
  auto& inventory = context.inventory();
  AttributeScope scope;
  OnlyHosts owners{std::in_place};
  if (noun == Noun::host) {
    const auto host = frontend::find_host(inventory, args.owner);
    const auto containers = containers_of(inventory, {host});
    scope = scope_of(host, containers);
    owners = owners_of({host}, containers);
  } else if (noun == Noun::appliance) {
    inventory.require_appliance(args.owner);
    scope.appliance = args.owner;
  }
  const auto resolved = counting_for(AttributeResolver(inventory.attributes(owners)),
                                     frontend::described_rolls(inventory), scope);
  if (!args.name.empty()) {
    const auto at = resolved.find(args.name);
    if (at == resolved.end()) {
      std::vector<std::string> known;
      for (const auto& one : resolved) known.push_back(one.first);
      throw Error(Fault::not_found, "no attribute " + quote(args.name) +
                                        (args.owner.empty() ? "" : " of " + quote(args.owner)) +
                                        did_you_mean(args.name, known));
    }
    context.output.line(at->second.value);
    return 0;
  }
  for (const auto& [name, one] : resolved) {
    context.output.line(name + ":" + one.value +
                        (noun == Noun::global ? "" : "\t" + origin_of(one, scope)));
  }
  return 0;
}

template <Noun noun>
Action declare_report(Options& options) {
  auto args = std::make_shared<ReportArgs>();
  if (noun != Noun::global) {
    options.argument(noun == Noun::host ? "HOST" : "APPLIANCE", args->owner, "whose attributes")
        .required();
  }
  options.key("attr", args->name, "only this attribute, and only its value");
  return [=](Context& context) { return run_report(context, *args, noun); };
}

int run_dump(Context& context, const ListArgs& args, Noun noun) {
  for (const auto& one : stored(context.inventory(), noun, args)) {
    std::string line = std::string("cluster add ") + name_of(noun) + " ";
    if (one.host) line += one.host->str() + " ";
    if (one.appliance) line += shell_word(*one.appliance) + " ";
    context.output.line(line + one.name + " " + shell_word("value=" + one.value));
  }
  return 0;
}

template <Noun noun>
Action declare_dump(Options& options) {
  auto args = declare_owners(options, noun, "whose attributes to write down [all]");
  return [=](Context& context) { return run_dump(context, *args, noun); };
}

constexpr std::array kCommands{
    Command{"dump appliance attr", "print the commands that add the attributes again",
            kKeepInventory, declare_dump<Noun::appliance>},
    Command{"dump attr", "print the commands that add the global attributes again", kKeepInventory,
            declare_dump<Noun::global>},
    Command{"dump host attr", "print the commands that add the hosts' attributes again",
            kKeepInventory, declare_dump<Noun::host>},
    Command{"list appliance attr", "show the attributes of appliances", kKeepInventory,
            declare_list<Noun::appliance>, Answer::table},
    Command{"list attr", "show the global attributes", kKeepInventory, declare_list<Noun::global>,
            Answer::table},
    Command{"list host attr", "show the attributes that count for hosts, and where they were set",
            kKeepInventory, declare_list<Noun::host>, Answer::table},
    Command{"report appliance attr", "print what counts for an appliance, for scripts",
            kKeepInventory, declare_report<Noun::appliance>},
    Command{"report attr", "print the global attributes for scripts", kKeepInventory,
            declare_report<Noun::global>},
    Command{"report host attr", "print what counts for a host, for scripts", kKeepInventory,
            declare_report<Noun::host>},
};

}  // namespace
}  // namespace attr_list

std::map<HostName, HostName> containers_of(Inventory& inventory, const std::vector<Host>& hosts) {
  OnlyHosts names{std::in_place};
  for (const auto& host : hosts) names->push_back(host.name);
  return inventory.containers(names);
}

OnlyHosts owners_of(const std::vector<Host>& hosts,
                    const std::map<HostName, HostName>& containers) {
  std::set<HostName> names;
  for (const auto& host : hosts) names.insert(host.name);
  for (const auto& [vm, container] : containers) names.insert(container);
  return OnlyHosts{{names.begin(), names.end()}};
}

AttributeScope scope_of(const Host& host, const std::map<HostName, HostName>& containers) {
  AttributeScope scope{host.appliance, {}, host.name};
  if (const auto at = containers.find(host.name); at != containers.end()) {
    scope.container = at->second;
  }
  return scope;
}

std::span<const Command> attr_list_commands() { return attr_list::kCommands; }

}  // namespace cluster::cmd
