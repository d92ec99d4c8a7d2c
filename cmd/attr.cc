#include "cmd/attr.h"

#include <algorithm>
#include <array>
#include <optional>

#include "cmd/commands.h"
#include "cmd/consent.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/roll_attr.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "frontend/hosts/fence_agent.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"
#include "frontend/vms/vm_attributes.h"

namespace cluster::cmd {
namespace attr {
namespace {

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxValue = 65536;  // `dump` writes it as one word; Linux takes 128 KiB

// Returns the owners as the usage line shows them, in front of the other words.
std::string owners_of(Noun noun) {
  return noun == Noun::host ? "HOST... " : noun == Noun::appliance ? "APPLIANCE " : "";
}

std::string usage_of(Noun noun, const char* rest) { return owners_of(noun) + rest; }

// Takes the last word out of `words` and returns it.
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

// The attributes called `name` that belong to any of the owners in `words`.
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
    for (const auto& host : frontend::select_hosts(inventory, words)) {
      attributes.push_back({{}, host.name, name, value});
    }
  }
  return attributes;
}

// True if `words` are as many owners as the noun takes.
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

// Rocks' names for attributes of VMs (cpu_mode, kvm_autostart) are the site's own here.
void say_what_counts(Output& output, const std::string& name) {
  const bool is_of_kvm = name.starts_with("kvm_");
  const auto ours = "vm_" + (is_of_kvm ? name.substr(4) : name);
  if (!is_of_kvm && name != "cpu_mode") return;
  if (std::ranges::find(frontend::vm_attributes(), ours, &frontend::VmAttribute::name) ==
      frontend::vm_attributes().end()) {
    return;
  }
  output.note(quote(name) + " is kept, and does nothing; " + quote(ours) + " counts for VMs");
}

using Put = void (Inventory::*)(const std::vector<Attribute>&);

int run_put(Context& context, PutArgs args, Noun noun, const char* verb, Put put) {
  if (args.value && args.file) throw Error(Fault::usage, "want value= or file=, not both");
  if (args.file) args.value = value_in(*args.file);
  if (!args.value) args.value = take_last(args.words);
  if (!args.name) args.name = take_last(args.words);
  if (!args.name || !fit(noun, args.words)) wrong_words(verb, noun, "NAME VALUE");
  const auto& value = *args.value;
  check_attribute_size(*args.name, value);
  frontend::check_attribute_name(*args.name);
  frontend::check_attribute_value(*args.name, value);
  frontend::check_login_attribute(*args.name, value);
  frontend::check_fence_attribute(*args.name, value);
  auto& inventory = context.inventory();
  check_roll_attribute(inventory, *args.name, value);
  const auto attributes = attributes_of(inventory, noun, args.words, *args.name, value);
  (inventory.*put)(attributes);
  say_what_counts(context.output, *args.name);
  say_how_many_of(context, "gave it to", attributes.size(), "hosts", args.words);
  return 0;
}

Action declare_put(Options& options, Noun noun, const char* verb, Put put) {
  auto args = std::make_shared<PutArgs>();
  options.argument(usage_of(noun, "NAME VALUE"), args->words,
                   "whose attribute, its name, its value");
  options.key("attr", args->name, "NAME, when it is not among the words");
  options.key("value", args->value, "VALUE, when it is not among the words");
  options.key("file", args->file, "file whose text is the value");
  return [=](Context& context) { return run_put(context, *args, noun, verb, put); };
}

template <Noun noun>
Action declare_add(Options& options) {
  return declare_put(options, noun, "add", &Inventory::add_attributes);
}

template <Noun noun>
Action declare_set(Options& options) {
  return declare_put(options, noun, "set", &Inventory::set_attributes);
}

struct RemoveArgs {
  std::vector<std::string> words;
  std::optional<std::string> name;
  Consent consent;
};

int run_remove(Context& context, RemoveArgs args, Noun noun) {
  if (!args.name) args.name = take_last(args.words);
  if (!args.name || !fit(noun, args.words)) wrong_words("remove", noun, "NAME");
  auto& inventory = context.inventory();
  const auto attributes = attributes_of(inventory, noun, args.words, *args.name, "");
  if (noun == Noun::host) {
    std::vector<std::string> owners;
    for (const auto& one : attributes) owners.push_back(one.host->str());
    require_consent(context, args.consent, "remove host attr", {"hosts", args.words, owners});
  }
  inventory.remove_attributes(attributes);
  say_how_many(context, "removed it from", attributes.size(), "hosts");
  return 0;
}

template <Noun noun>
Action declare_remove(Options& options) {
  auto args = std::make_shared<RemoveArgs>();
  options.argument(usage_of(noun, "NAME"), args->words, "whose attribute, and its name");
  options.key("attr", args->name, "NAME, when it is not among the words");
  if constexpr (noun == Noun::host) args->consent.declare(options);
  return [=](Context& context) { return run_remove(context, *args, noun); };
}

constexpr std::array kCommands{
    Command{"add appliance attr", "give an appliance an attribute that it does not have yet",
            kKeepInventory, declare_add<Noun::appliance>},
    Command{"add attr", "set a global attribute that is not set yet", kKeepInventory,
            declare_add<Noun::global>},
    Command{"add host attr", "give hosts an attribute that they do not have yet", kKeepInventory,
            declare_add<Noun::host>},
    Command{"remove appliance attr", "remove an attribute of an appliance", kKeepInventory,
            declare_remove<Noun::appliance>},
    Command{"remove attr", "remove a global attribute", kKeepInventory,
            declare_remove<Noun::global>},
    Command{"remove host attr", "remove an attribute of hosts", kKeepInventory,
            declare_remove<Noun::host>},
    Command{"set appliance attr", "add or change an attribute of an appliance", kKeepInventory,
            declare_set<Noun::appliance>},
    Command{"set attr", "add or change a global attribute", kKeepInventory,
            declare_set<Noun::global>},
    Command{"set host attr", "add or change an attribute of hosts", kKeepInventory,
            declare_set<Noun::host>},
};

}  // namespace
}  // namespace attr

void check_attribute_size(const std::string& name, const std::string& value) {
  const auto want = [](const char* what, std::size_t size, std::size_t most) {
    if (size <= most) return;
    throw Error(Fault::usage, "the " + std::string(what) + " has " + std::to_string(size) +
                                  " bytes: want " + std::to_string(most) + " at the most");
  };
  want("name", name.size(), attr::kMaxName);
  want("value", value.size(), attr::kMaxValue);
  if (!is_utf8_text(value)) throw Error(Fault::usage, "the value is no text: want UTF-8");
}

std::span<const Command> attr_commands() { return attr::kCommands; }

}  // namespace cluster::cmd
