#include "cmd/complete.h"

#include <algorithm>
#include <set>

#include "cmd/command_table.h"
#include "cmd/context.h"
#include "cmd/line/completion.h"
#include "cmd/roll_command.h"
#include "core/error.h"
#include "core/natural_key.h"
#include "core/text.h"
#include "db/rows.h"
#include "frontend/rolls/roll_store.h"
#include "frontend/vms/vm_attributes.h"

namespace cluster::cmd {
namespace {

using Names = std::vector<std::string>;

// The names of cards on the hosts among `words`; on all when there is none.
Names cards(Inventory& inventory, const Names& words) {
  std::vector<HostName> hosts;
  for (const auto& word : words) {
    try {
      hosts.emplace_back(word);
    } catch (const Error&) {  // it names something else
    }
  }
  return InventoryRows::card_names(inventory, hosts);
}

using Rolls = std::vector<rolls::Roll>;

// The attributes that say how VMs are made, those of the stored rolls, and the site's own.
Names attributes(Inventory* inventory, const Rolls& described) {
  Names names;
  for (const auto& one : frontend::vm_attributes()) names.emplace_back(one.name);
  for (const auto& roll : described) {
    for (const auto& one : roll.attributes) names.push_back(one.name);
  }
  if (inventory == nullptr) return names;
  for (const auto& one : inventory->attributes()) names.push_back(one.name);
  return names;
}

void sort_names(Names& names) {
  sort_naturally(names, [](const std::string& name) { return std::string_view(name); });
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

Names names_of(Inventory& inventory, std::string_view kind, std::string_view begun,
               const Names& words) {
  Names names;
  if (kind == "HOST" || kind == "VM") {
    names = InventoryRows::host_names(inventory, begun, kind == "VM" ? "vm" : "");
    const auto groups = kind == "VM" ? InventoryRows::host_names(inventory, begun, "vm-container")
                                     : inventory.appliances();
    names.insert(names.end(), groups.begin(), groups.end());
  } else if (kind == "MACHINE") {
    const auto vms = InventoryRows::host_names(inventory, begun, "vm");
    names = InventoryRows::host_names(inventory, begun, "");
    const auto groups = inventory.appliances();
    names.insert(names.end(), groups.begin(), groups.end());
    const std::set<std::string_view> others(vms.begin(), vms.end());
    std::erase_if(names, [&](const auto& name) { return name == "vm" || others.contains(name); });
  } else if (kind == "CONTAINER") {
    names = InventoryRows::host_names(inventory, begun, "vm-container");
  } else if (kind == "CARD" || kind == "GPU") {
    names = cards(inventory, words);
  } else if (kind == "APPLIANCE") {
    names = inventory.appliances();
  } else if (kind == "NETWORK") {
    for (const auto& network : inventory.networks()) names.push_back(network.name);
  } else if (kind == "ROLL") {
    for (const auto& roll : inventory.rolls()) names.push_back(roll.name);
  }
  return names;
}

// The next words of the commands that enabled rolls bring.
void add_roll_words(std::vector<Candidate>& to, const Rolls& described, const Names& words) {
  const auto typed = words.size() - 1;
  for (const auto& roll : described) {
    for (const auto& command : roll.commands) {
      const auto path = split(command.path, ' ');
      if (path.size() <= typed || !path[typed].starts_with(words.back())) continue;
      if (!std::equal(words.begin(), words.end() - 1, path.begin())) continue;
      std::string word(path[typed]);
      if (std::ranges::find(to, word, &Candidate::word) == to.end()) {
        to.push_back({std::move(word), ""});
      }
    }
  }
}

void print(Context& context, const Names& words) {
  Inventory* inventory = nullptr;
  try {
    inventory = &context.inventory(Inventory::Open::as_it_is);
  } catch (const Error&) {  // there is none, or it is not ours to read, or of another version
  }
  const auto described = inventory == nullptr ? Rolls() : frontend::described_rolls(*inventory);
  const auto known = [&](std::string_view kind, std::string_view begun) {
    auto names = kind == "ATTR"         ? attributes(inventory, described)
                 : inventory == nullptr ? Names()
                                        : names_of(*inventory, kind, begun, words);
    sort_names(names);
    return names;
  };
  auto found = completions(words, command_table(), known);
  add_roll_words(found, described, words);
  for (const auto& one : found) {
    context.output.line(one.help.empty() ? one.word : one.word + '\t' + one.help);
  }
}

}  // namespace

std::optional<Invocation> completion(const std::vector<std::string>& words) {
  constexpr std::size_t kBefore = 2;
  if (words.size() <= kBefore || words[0] != "complete" || words[1] != "--") return std::nullopt;
  const Names typed(words.begin() + kBefore, words.end());
  auto action = [typed](Context& context) {
    try {
      print(context, typed);
    } catch (const Error&) {  // whoever presses Tab wants no errors between his words
    }
    return 0;
  };
  auto words_of_db = typed;
  return Invocation{Invocation::Wants::command, std::move(action), "", take_db(words_of_db), {}};
}

}  // namespace cluster::cmd
