#include "frontend/hosts/host_selection.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/host_facts.h"
#include "frontend/hosts/host_words.h"
#include "frontend/hosts/sudo.h"

namespace cluster::frontend {
namespace {

// Words with one of these are more than the name of a host.
constexpr std::string_view kNotInNames = "!*?%[],&^@= \t\r\n";

// `Row` is Host or HostGroups.
template <typename Row>
std::vector<HostGroups> groups_of(const std::vector<Row>& hosts) {
  std::vector<HostGroups> groups;
  groups.reserve(hosts.size());
  for (const auto& host : hosts) {
    groups.push_back({host.name, host.appliance, host.rack, host.managed});
  }
  return groups;
}

// The words as names, when each could be the name of a host; else nothing.
std::optional<std::set<HostName>> plain_names(const std::vector<std::string>& words) {
  std::set<HostName> names;
  for (const auto& word : words) {
    if (word.find_first_of(kNotInNames) != std::string::npos) return std::nullopt;
    try {
      names.insert(HostName(word));
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  return names.empty() ? std::nullopt : std::optional(std::move(names));
}

// The hosts of these names when each word is the name of a host; else nothing.
std::optional<std::vector<Host>> hosts_by_name(Inventory& inventory,
                                               const std::vector<std::string>& words) {
  const auto names = plain_names(words);
  if (!names) return std::nullopt;
  auto hosts = inventory.hosts(OnlyHosts{{names->begin(), names->end()}});
  return hosts.size() == names->size() ? std::optional(std::move(hosts)) : std::nullopt;
}

// The same names, sorted, asked with one question and not with those about logins and keys.
OnlyHosts names_there(Inventory& inventory, const std::vector<std::string>& words) {
  const auto names = plain_names(words);
  if (!names) return std::nullopt;
  const auto rows = inventory.host_rows(OnlyHosts{{names->begin(), names->end()}}, false);
  if (rows.size() != names->size()) return std::nullopt;
  OnlyHosts there{std::in_place};
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    there->emplace_back(std::string(rows.at(row, 0).text));
  }
  return there;
}

template <typename Otherwise>
std::vector<HostName> chosen_names(Inventory& inventory, std::vector<HostGroups> hosts,
                                   const std::vector<std::string>& words, Otherwise otherwise) {
  InventoryFacts facts(inventory);
  HostWords reader(std::move(hosts), &facts);
  HostWords::Hosts rest;
  for (const auto& host : reader.hosts()) rest.push_back(otherwise(host));
  const auto chosen = reader.chosen(words, rest);
  std::vector<HostName> names;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) names.push_back(reader.hosts()[i].name);
  }
  return names;
}

template <typename Otherwise>
std::vector<Host> hosts_of(Inventory& inventory, const std::vector<std::string>& words,
                           Otherwise otherwise) {
  std::vector<Host> hosts;
  inventory.look_together("list host", [&] {
    if (auto named = hosts_by_name(inventory, words)) {
      hosts = *std::move(named);
    } else {
      hosts = inventory.hosts(chosen_names(inventory, inventory.host_groups(), words, otherwise));
    }
  });
  return hosts;
}

constexpr auto kAny = [](const auto&) { return true; };

}  // namespace

std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words,
                               const std::vector<Host>& otherwise) {
  HostWords reader(groups_of(hosts), nullptr);
  HostWords::Hosts rest;
  for (const auto& host : hosts) {
    rest.push_back(std::ranges::find(otherwise, host.name, &Host::name) != otherwise.end());
  }
  const auto wanted = reader.chosen(words, rest);
  std::vector<Host> selected;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (wanted[i]) selected.push_back(hosts[i]);
  }
  return selected;
}

std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words) {
  return select_hosts(hosts, words, hosts);
}

std::vector<Host> select_hosts(Inventory& inventory, const std::vector<std::string>& words) {
  return words.empty() ? inventory.hosts() : hosts_of(inventory, words, kAny);
}

std::vector<Host> select_managed(Inventory& inventory, const std::vector<std::string>& words) {
  return hosts_of(inventory, words, [](const HostGroups& host) { return host.managed; });
}

std::vector<Host> select_containers(Inventory& inventory, const std::vector<std::string>& words) {
  auto hosts = hosts_of(inventory, words,
                        [](const HostGroups& host) { return host.appliance == "vm-container"; });
  std::erase_if(hosts, [](const Host& host) { return host.appliance == "vm"; });
  return hosts;
}

bool is_spelled_out(Inventory& inventory, const std::vector<std::string>& words) {
  InventoryFacts facts(inventory);
  HostWords reader(inventory.host_groups(), &facts);
  reader.chosen(words, HostWords::Hosts(reader.hosts().size(), true));
  return reader.spelled_out();
}

OnlyHosts select_only(Inventory& inventory, const std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  OnlyHosts names;
  inventory.look_together("list host", [&] {
    names = names_there(inventory, words);
    if (!names) {
      names = chosen_names(inventory, inventory.host_groups(), words, kAny);
    }
  });
  return names;
}

std::vector<HostName> select_names(Inventory& inventory, const std::vector<std::string>& words,
                                   const std::vector<HostName>& gone) {
  auto hosts = inventory.host_groups();
  std::set<HostName> there;
  for (const auto& host : hosts) there.insert(host.name);
  for (const auto& name : gone) {
    if (there.insert(name).second) hosts.push_back({name, "", std::nullopt, false});
  }
  return chosen_names(inventory, std::move(hosts), words, kAny);
}

std::vector<Vm> select_vms(Inventory& inventory, const std::vector<std::string>& words) {
  return inventory.vms(select_only(inventory, words));
}

Host find_host(Inventory& inventory, const std::string& name) {
  const HostName wanted(name);
  if (auto host = inventory.find_host(wanted)) return *std::move(host);
  std::vector<std::string> names;
  for (const auto& host : inventory.host_groups()) names.push_back(host.name.str());
  std::ranges::sort(names, natural_less);  // if two are equally near, the first one wins
  throw Error(Fault::not_found,
              "host " + quote(name) + " is not in the inventory" + did_you_mean(name, names));
}

ssh::Target target_of(const Host& host) {
  ssh::Target target{host.name.str(), host.address.value_or(""), host.port.value_or(0),
                     login_user(host)};
  target.sudo = by_sudo(host);
  for (const auto& key : host.keys) target.keys.push_back({key.type, key.base64});
  target.through_openssh = host.through_openssh;
  target.jump = host.jump.value_or("");
  return target;
}

bool means_a_group(const std::string& name, const std::vector<std::string>& appliances) {
  return is_selecting_word(name) || std::ranges::find(appliances, name) != appliances.end();
}

}  // namespace cluster::frontend
