#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/host_selection.h"
#include "cmd/vm_attributes.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

constexpr std::size_t kMaxValue = 65536;  // `dump` writes it as a word: Linux takes 128 KiB of one
constexpr const char* kLevelText =
    "The nearest value counts: global (attr) < appliance (appliance attr) < container of a VM, "
    "then "
    "the host\n"
    "itself (host attr).";
constexpr const char* kPutText =
    "VALUE is any UTF-8 text, also of several lines; file= takes a file's instead, without its "
    "last "
    "line end.\n"
    "A value that starts with '-' is typed value=-... `cluster help attr` lists the attributes of "
    "VMs.";

// The three nouns: attr, appliance attr, host attr.
enum class Noun { global, appliance, host };

constexpr const char* name_of(Noun noun) {
  return noun == Noun::host ? "host attr" : noun == Noun::appliance ? "appliance attr" : "attr";
}

// How the owners are called in the usage line, in front of what follows.
std::string owners_of(Noun noun) {
  return noun == Noun::host ? "HOST... " : noun == Noun::appliance ? "APPLIANCE " : "";
}

std::string usage_of(Noun noun, const char* rest) { return owners_of(noun) + rest; }

// The last of `words`, which becomes theirs no more.
std::optional<std::string> take_last(std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  auto last = std::move(words.back());
  words.pop_back();
  return last;
}

[[noreturn]] void wrong_words(const char* verb, Noun noun, const char* rest) {
  throw Error(Fault::usage, std::string(verb) + " " + name_of(noun) + ": want " +
                                usage_of(noun, rest) + " (a value with blanks stands in quotes)");
}

// The attributes called `name` of all that `words` mean.
std::vector<Attribute> attributes_of(Inventory& inventory, Noun noun,
                                     const std::vector<std::string>& words, const std::string& name,
                                     const std::string& value) {
  std::vector<Attribute> attributes;
  if (noun == Noun::global) {
    attributes.push_back({{}, {}, name, value});
  } else if (noun == Noun::appliance) {
    inventory.require_appliance(words.front());
    attributes.push_back({words.front(), {}, name, value});
  } else {
    for (const auto& host : select_hosts(inventory.hosts(), words)) {
      attributes.push_back({{}, host.name, name, value});
    }
  }
  return attributes;
}

// Whether `words` are as many owners as the noun takes.
bool fit(Noun noun, const std::vector<std::string>& words) {
  return noun == Noun::host ? !words.empty() : words.size() == (noun == Noun::appliance ? 1U : 0U);
}

struct PutArgs {
  std::vector<std::string> words;
  std::optional<std::string> name, value, file;
};

std::string value_in(const std::string& file) {
  auto text = read_file(file);
  if (!text) throw Error(Fault::not_found, "file=" + quote(file) + ": there is no such file");
  if (text->ends_with('\n')) text->pop_back();
  return *text;
}

std::string checked(std::string value) {
  if (value.size() > kMaxValue) {
    throw Error(Fault::usage, "the value has " + std::to_string(value.size()) + " bytes: want " +
                                  std::to_string(kMaxValue) + " at the most");
  }
  if (!is_utf8_text(value)) throw Error(Fault::usage, "the value is no text: want UTF-8");
  return value;
}

using Put = void (Inventory::*)(const std::vector<Attribute>&);

int run_put(Context& context, PutArgs args, Noun noun, const char* verb, Put put) {
  if (args.value && args.file) throw Error(Fault::usage, "want value= or file=, not both");
  if (args.file) args.value = value_in(*args.file);
  if (!args.value) args.value = take_last(args.words);
  if (!args.name) args.name = take_last(args.words);
  if (!args.name || !fit(noun, args.words)) wrong_words(verb, noun, "NAME VALUE");
  const auto value = checked(*args.value);
  check_attribute_name(*args.name);
  check_attribute_value(*args.name, value);
  auto& inventory = context.inventory();
  (inventory.*put)(attributes_of(inventory, noun, args.words, *args.name, value));
  return 0;
}

Action declare_put(CLI::App& app, Noun noun, const char* verb, Put put) {
  auto args = std::make_shared<PutArgs>();
  app.add_option(usage_of(noun, "NAME VALUE"), args->words, "whose attribute, its name, its value");
  app.add_option("--attr", args->name, "NAME");
  app.add_option("--value", args->value, "VALUE");
  app.add_option("--file", args->file, "file that has the value");
  app.footer(kPutText);
  return [=](Context& context) { return run_put(context, *args, noun, verb, put); };
}

template <Noun noun>
Action declare_add(CLI::App& app) {
  return declare_put(app, noun, "add", &Inventory::add_attributes);
}

template <Noun noun>
Action declare_set(CLI::App& app) {
  return declare_put(app, noun, "set", &Inventory::set_attributes);
}

int run_remove(Context& context, PutArgs args, Noun noun) {
  if (!args.name) args.name = take_last(args.words);
  if (!args.name || !fit(noun, args.words)) wrong_words("remove", noun, "NAME");
  auto& inventory = context.inventory();
  inventory.remove_attributes(attributes_of(inventory, noun, args.words, *args.name, ""));
  return 0;
}

template <Noun noun>
Action declare_remove(CLI::App& app) {
  auto args = std::make_shared<PutArgs>();
  app.add_option(usage_of(noun, "NAME"), args->words, "whose attribute, and its name");
  app.add_option("--attr", args->name, "NAME");
  return [=](Context& context) { return run_remove(context, *args, noun); };
}

struct ListArgs {
  std::vector<std::string> words;
  std::optional<std::string> name;

  bool wants(std::string_view attribute) const { return !name || *name == attribute; }
};

// Which container a VM's attributes come from.
std::map<HostName, HostName> containers_of(Inventory& inventory) {
  std::map<HostName, HostName> containers;
  for (const auto& vm : inventory.vms()) containers.emplace(vm.name, vm.container);
  return containers;
}

AttributeScope scope_of(const Host& host, const std::map<HostName, HostName>& containers) {
  AttributeScope scope{host.appliance, {}, host.name};
  if (const auto at = containers.find(host.name); at != containers.end()) {
    scope.container = at->second;
  }
  return scope;
}

// As `rocks list host attr` spells it; C is ours.
const char* letter_of(AttributeSource source) {
  switch (source) {
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
  const AttributeResolver resolver(inventory.attributes());
  const auto containers = containers_of(inventory);
  for (const auto& host : select_hosts(inventory.hosts(), args.words)) {
    for (const auto& [name, one] : resolver.resolve(scope_of(host, containers))) {
      if (!args.wants(name)) continue;
      table.rows.push_back({host.name.str(), name, one.value, letter_of(one.source)});
    }
  }
  context.output.table(table);
  return 0;
}

// What is stored for `noun`, of the owners in `words` alone when there are any.
std::vector<Attribute> stored(Inventory& inventory, Noun noun, const ListArgs& args) {
  std::set<std::string> owners;
  if (noun == Noun::appliance) {
    for (const auto& word : args.words) inventory.require_appliance(word);
    owners.insert(args.words.begin(), args.words.end());
  }
  if (noun == Noun::host) {
    for (const auto& host : select_hosts(inventory.hosts(), args.words)) {
      owners.insert(host.name.str());
    }
  }
  auto attributes = inventory.attributes();
  std::erase_if(attributes, [&](const Attribute& one) {
    if (!args.wants(one.name)) return true;
    switch (noun) {
      case Noun::global:
        return one.appliance || one.host;
      case Noun::appliance:
        return !one.appliance || (!owners.empty() && !owners.contains(*one.appliance));
      case Noun::host:
        return !one.host || !owners.contains(one.host->str());
    }
    return true;
  });
  if (noun == Noun::host) {
    std::ranges::stable_sort(attributes, natural_less, [](const Attribute& one) {
      return std::string_view(one.host->str());
    });
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

// What `list` and `dump` share.
std::shared_ptr<ListArgs> declare_owners(CLI::App& app, Noun noun, const char* what) {
  auto args = std::make_shared<ListArgs>();
  if (noun != Noun::global) {
    app.add_option(noun == Noun::host ? "HOST" : "APPLIANCE", args->words, what);
  }
  app.add_option("--attr", args->name, "only the attributes of this name [all]");
  return args;
}

template <Noun noun>
Action declare_list(CLI::App& app) {
  auto args = declare_owners(app, noun, "whose attributes [all]");
  app.footer(noun == Noun::host ? std::string("All that counts for each host. SOURCE: G global, A "
                                              "appliance, C container of a VM, H host.\n") +
                                      kLevelText
                                : std::string(kLevelText));
  return [=](Context& context) { return run_list(context, *args, noun); };
}

struct ReportArgs {
  std::string owner;
  std::string name;
};

// "container vm-container-0-15": in words where it was set.
std::string origin_of(AttributeSource source, const AttributeScope& scope) {
  switch (source) {
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
  if (noun == Noun::host) {
    scope = scope_of(find_host(inventory, args.owner), containers_of(inventory));
  } else if (noun == Noun::appliance) {
    inventory.require_appliance(args.owner);
    scope.appliance = args.owner;
  }
  const auto resolved = AttributeResolver(inventory.attributes()).resolve(scope);
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
                        (noun == Noun::global ? "" : "\t" + origin_of(one.source, scope)));
  }
  return 0;
}

template <Noun noun>
Action declare_report(CLI::App& app) {
  auto args = std::make_shared<ReportArgs>();
  if (noun != Noun::global) {
    app.add_option(noun == Noun::host ? "HOST" : "APPLIANCE", args->owner, "whose attributes")
        ->required();
  }
  app.add_option("--attr", args->name, "only this attribute, and only its value");
  app.footer(
      noun == Noun::global
          ? "NAME:VALUE lines, for scripts."
          : "All that counts there: NAME:VALUE, a tab, and where it was set. `cut -f1` leaves "
            "Rocks' lines.");
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
Action declare_dump(CLI::App& app) {
  auto args = declare_owners(app, noun, "whose attributes to write down [all]");
  if (noun == Noun::host) app.footer("As stored; `dump host` and `dump host vm` come before it.");
  return [=](Context& context) { return run_dump(context, *args, noun); };
}

constexpr std::array kCommands{
    Command{"add appliance attr", "set an attribute of all hosts of an appliance, where none is",
            declare_add<Noun::appliance>},
    Command{"add attr", "set an attribute of all hosts, where none is", declare_add<Noun::global>},
    Command{"add host attr", "set an attribute of hosts, where none is", declare_add<Noun::host>},
    Command{"dump appliance attr", "print the commands that add the attributes again",
            declare_dump<Noun::appliance>},
    Command{"dump attr", "print the commands that add the global attributes again",
            declare_dump<Noun::global>},
    Command{"dump host attr", "print the commands that add the hosts' attributes again",
            declare_dump<Noun::host>},
    Command{"list appliance attr", "show the attributes of appliances",
            declare_list<Noun::appliance>},
    Command{"list attr", "show the global attributes", declare_list<Noun::global>},
    Command{"list host attr", "show what counts for hosts, and where it was set",
            declare_list<Noun::host>},
    Command{"remove appliance attr", "remove an attribute of an appliance",
            declare_remove<Noun::appliance>},
    Command{"remove attr", "remove a global attribute", declare_remove<Noun::global>},
    Command{"remove host attr", "remove an attribute of hosts", declare_remove<Noun::host>},
    Command{"report appliance attr", "print what counts for an appliance, for scripts",
            declare_report<Noun::appliance>},
    Command{"report attr", "print the global attributes for scripts", declare_report<Noun::global>},
    Command{"report host attr", "print what counts for a host, for scripts",
            declare_report<Noun::host>},
    Command{"set appliance attr", "add or change an attribute of an appliance",
            declare_set<Noun::appliance>},
    Command{"set attr", "add or change a global attribute", declare_set<Noun::global>},
    Command{"set host attr", "add or change an attribute of hosts", declare_set<Noun::host>},
};

}  // namespace

std::span<const Command> attr_commands() { return kCommands; }

}  // namespace cluster::cmd
