#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/text.h"
#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"
#include "frontend/hosts/host_words.h"

// An inventory of Ansible in YAML:
// https://docs.ansible.com/ansible/latest/collections/ansible/builtin/yaml_inventory.html. Texts
// are in double quotes, as JSON has them, and !unsafe where Ansible would take braces for a
// template.
namespace cluster::frontend {
namespace {

// Names that Ansible gives a meaning of its own:
// https://docs.ansible.com/ansible/latest/reference_appendices/special_variables.html, and the
// keywords of plays, of which it warns.
constexpr std::array<std::string_view, 26> kReserved{
    "action",     "args",        "become",        "check_mode",     "connection",
    "debugger",   "delegate_to", "environment",   "groups",         "group_names",
    "hosts",      "hostvars",    "inventory_dir", "inventory_file", "inventory_hostname",
    "name",       "omit",        "play_hosts",    "port",           "remote_user",
    "role_names", "roles",       "tags",          "tasks",          "vars",
    "when"};

// JSON escapes a character above U+FFFF as two, which YAML has no word for: "\ud83d\ude00" is
// "\U0001f600" there.
std::string as_yaml(const std::string& json) {
  constexpr std::size_t kPair = 12;
  const auto unit = [&](std::size_t at) { return std::stoul(json.substr(at + 2, 4), nullptr, 16); };
  const auto is_unit = [&](std::size_t at) { return json.compare(at, 2, "\\u") == 0; };
  std::string yaml;
  for (std::size_t i = 0; i < json.size();) {
    if (is_unit(i) && is_unit(i + 6) && unit(i) >= 0xd800 && unit(i) < 0xdc00) {
      const auto character = 0x10000 + ((unit(i) - 0xd800) << 10U) + (unit(i + 6) - 0xdc00);
      std::array<char, 16> escape{};
      std::snprintf(escape.data(), escape.size(), "\\U%08lx", character);
      yaml += escape.data();
      i += kPair;
      continue;
    }
    const std::size_t length = json[i] == '\\' ? 2 : 1;
    yaml += json.substr(i, length);
    i += length;
  }
  return yaml;
}

std::string yaml_string(const std::string& text) {
  const auto json =
      nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return (text.find('{') == std::string::npos ? "" : "!unsafe ") + as_yaml(json);
}

constexpr std::string_view kUngrouped = "ungrouped";

// A key of YAML: "yes" and "1e3" are texts.
std::string key(const std::string& name) { return '"' + name + "\":"; }

// What may be a part of a group's name. YAML has no keys above 1024 letters.
bool is_word(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
  });
}

// A name that Python could have, as Ansible wants it of groups and variables.
std::string identifier(std::string_view text) {
  std::string name(text);
  std::ranges::replace_if(
      name, [](char c) { return c == '-' || c == '.'; }, '_');
  return name.empty() || is_digit(name.front()) ? "_" + name : name;
}

// The groups, each of which comes of one thing: if two things make the same name, the second one is
// left out, as whoever acts on the group would hit too many hosts.
class AnsibleGroups {
 public:
  explicit AnsibleGroups(const Fleet& fleet) {
    for (const auto& host : fleet.hosts) taken_.insert(host.host.name.str());
    for (const auto& vm : fleet.vms) taken_.insert(vm.vm.name.str());
    taken_.insert({"all", std::string(kUngrouped)});
  }

  // `of` says what the group is of: "appliance=compute".
  void add(const std::string& name, const std::string& of, const std::string& host) {
    const auto group = identifier(name);
    const auto [place, is_new] = groups_.try_emplace(group, Group{of, {}});
    if (is_new && taken_.contains(group)) place->second.of.clear();
    if (place->second.of == of) {
      place->second.hosts.insert(host);
    } else {
      left_.emplace(of, "its name is that of something else");
    }
  }

  void add(const Host& host, const std::map<std::string, std::string>& attributes) {
    const auto& name = host.name.str();
    add(host.appliance, "appliance=" + host.appliance, name);
    if (host.rack) {
      const auto rack = std::to_string(*host.rack);
      add("rack" + rack, "rack=" + rack, name);
    }
    if (host.maintenance) add("maintenance", "maintenance", name);
    for (const auto& [attribute, value] : attributes) {
      if (attribute == "groups") {
        for (const auto& one : listed_groups(value)) {
          if (is_word(one)) {
            add(one, "@" + one, name);
          } else {
            left_.emplace("@" + one, "Ansible wants letters of ASCII, digits and '_'");
          }
        }
      } else if (is_word(attribute) && is_word(value)) {
        add(attribute + "_" + value, attribute + "=" + value, name);
      }
    }
  }

  std::string text() const {
    std::string text;
    for (const auto& [of, why] : left_) {
      text += "    " + comment_line("no group of " + of + ": " + why);
    }
    for (const auto& [name, group] : groups_) {
      if (group.of.empty()) continue;
      text += "    " + key(name) + "\n      hosts:\n";
      for (const auto& host : group.hosts) text += "        " + key(host) + "\n";
    }
    return text;
  }

 private:
  struct Group {
    std::string of;
    std::set<std::string> hosts;
  };

  std::map<std::string, Group> groups_;
  std::set<std::string> taken_;
  std::map<std::string, std::string> left_;  // what they are of, and why there are none
};

// The variables of one host.
class Variables {
 public:
  explicit Variables(const std::string& host) : text_("    " + key(host) + "\n") {}

  void add(const std::string& name, const std::optional<std::string>& value) {
    if (value) set(name, yaml_string(*value));
  }

  void add(const std::string& name, const std::optional<int>& value) {
    if (value) set(name, std::to_string(*value));
  }

  void add(const Host& host) {
    add("ansible_port", host.port);
    if (host.jump) add("ansible_ssh_common_args", std::optional("-o ProxyJump=" + *host.jump));
    add("ansible_user", host.user ? host.user : host.login.user);
    if (host.sudo) set("ansible_become", *host.sudo ? "true" : "false");
    add("rollcall_appliance", std::optional(host.appliance));
    add("rollcall_rack", host.rack);
    add("rollcall_rank", host.rank);
    add("rollcall_maintenance", host.maintenance);
    add("rollcall_failing", host.failing);
  }

  // An attribute whose name is no variable's has a comment in its place, and so has one that says
  // otherwise what is known of the host itself: the key of a mapping stands once.
  void add(const std::map<std::string, std::string>& attributes) {
    for (const auto& [name, value] : attributes) {
      const bool is_reserved =
          std::ranges::find(kReserved, std::string_view(name)) != kReserved.end();
      if (name == "groups") continue;
      if (is_reserved || identifier(name) != name || name.starts_with("rollcall_")) {
        text_ += "      " + comment_line("attribute " + name + " is no name of a variable");
      } else if (names_.contains(name)) {
        text_ +=
            "      " + comment_line("attribute " + name + " is left out: its host's own counts");
      } else {
        add(name, std::optional(value));
      }
    }
  }

  void begin_cards() { text_ += "      rollcall_gpus:\n"; }

  void begin_card(const std::string& name) { text_ += "        - name: " + name + "\n"; }

  void fact(const std::string& name, const std::optional<std::string>& value) {
    if (value) text_ += "          " + name + ": " + yaml_string(*value) + "\n";
  }

  const std::string& text() const { return text_; }

 private:
  void set(const std::string& name, const std::string& yaml) {
    names_.insert(name);
    text_ += "      " + key(name) + " " + yaml + "\n";
  }

  std::set<std::string> names_;
  std::string text_;
};

void add_card(Variables& variables, const FleetCard& one) {
  const auto& card = one.card;
  variables.fact("model", card.model);
  if (!card.functions.empty()) variables.fact("id", ids_of(card));
  variables.fact("serial", card.serial);
  variables.fact("uuid", card.uuid);
  variables.fact("failing", one.failing);
}

std::string variables_of(const FleetHost& host) {
  Variables variables(host.host.name.str());
  variables.add("ansible_host", host.host.address);
  variables.add(host.host);
  if (!host.cards.empty()) variables.begin_cards();
  for (const auto& card : host.cards) {
    variables.begin_card(card.card.name.str());
    variables.fact("state", std::string(name(card.state)));
    variables.fact("pci_bus", card.card.pci.sysfs());
    if (card.place) variables.fact("vm", card.place->vm.str());
    add_card(variables, card);
  }
  variables.add(host.attributes);
  return variables.text();
}

std::string variables_of(const FleetVm& vm, const FleetHost& host) {
  Variables variables(vm.vm.name.str());
  variables.add("ansible_host", vm.address);
  variables.add(vm.host);
  variables.add("rollcall_host", std::optional(vm.vm.container.str()));
  if (!vm.devices.empty()) variables.begin_cards();
  for (const auto& device : vm.devices) {
    variables.begin_card(device.name.str());
    variables.fact("device", device.device);
    if (device.guest) variables.fact("pci_bus", device.guest->sysfs());
    for (const auto& card : host.cards) {
      if (device.whole && card.card.name == device.gpu) add_card(variables, card);
    }
  }
  variables.add(vm.attributes);
  return variables.text();
}

}  // namespace

FleetReport fleet_as_ansible(const Fleet& fleet) {
  AnsibleGroups groups(fleet);
  std::string left;
  std::string hosts;
  const auto by_name = hosts_by_name(fleet);
  const auto add = [&](const Host& host, const auto& one, const std::string& text) {
    if (host.name.str() == kUngrouped) {
      left += comment_line("left out: " + std::string(kUngrouped) +
                           ": it means the hosts without a group to Ansible");
      return;
    }
    hosts += text;
    groups.add(host, one.attributes);
  };
  for (const auto& host : fleet.hosts) {
    if (host.meant) add(host.host, host, variables_of(host));
  }
  for (const auto& vm : fleet.vms) add(vm.host, vm, variables_of(vm, *by_name.at(vm.vm.container)));
  const auto children = groups.text();
  return {left + "all:\n  hosts:" + (hosts.empty() ? " {}\n" : "\n" + hosts) +
          "  children:" + (children.empty() ? " {}\n" : "\n" + children)};
}

}  // namespace cluster::frontend
