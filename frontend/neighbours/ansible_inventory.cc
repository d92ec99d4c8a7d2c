#include "frontend/neighbours/ansible_inventory.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/expanded_names.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr long long kPriority = 1;  // of a group that says no `ansible_group_priority`

constexpr int kLetters = 26;

// Keys of `add host` by the variables that mean them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kKeys{
    {{"ansible_host", "address"},
     {"ansible_ssh_host", "address"},
     {"ansible_port", "port"},
     {"ansible_ssh_port", "port"},
     {"ansible_user", "user"},
     {"ansible_ssh_user", "user"},
     {"ansible_become", "sudo"},
     {"ansible_sudo", "sudo"},
     {"ansible_ssh_common_args", "jump"},
     {"rollcall_appliance", "appliance"},  // as `report fleet format=ansible` has them
     {"rollcall_host", "container"},
     {"rollcall_rack", "rack"},
     {"rollcall_rank", "rank"}}};

// "" when the variable means no key.
std::string key_of(const std::string& variable) {
  const auto at = std::ranges::find(kKeys, variable, &decltype(kKeys)::value_type::first);
  return at == kKeys.end() ? "" : std::string(at->second);
}

// A variable that is for Ansible alone.
bool is_of_ansible(const std::string& variable) {
  return variable.starts_with("ansible_") && key_of(variable).empty();
}

// The jump hosts that arguments of ssh name, when they say nothing else; "" otherwise.
std::string jump_in(const std::string& arguments) {
  auto words = blank_words(arguments);
  auto text = joined(words, " ");
  for (const std::string_view start : {"-o ProxyJump=", "-oProxyJump=", "-J ", "-J"}) {
    if (!text.starts_with(start)) continue;
    text.erase(0, start.size());
    if (text.size() > 1 && text.front() == text.back() && (text[0] == '"' || text[0] == '\'')) {
      text = text.substr(1, text.size() - 2);
    }
    return text.find_first_of(" \"'%") == std::string::npos ? text : "";
  }
  return "";
}

bool is_true(const std::string& text) {
  constexpr std::array kTrue{"true", "yes", "on", "y", "t", "1"};
  return std::ranges::find(kTrue, lower(text)) != kTrue.end();
}

// The texts that "01:50", "01:50:2" or "a:f" between brackets means. Both ends are included.
std::vector<std::string> texts_between(std::string_view inside) {
  const auto parts = split(inside, ':');
  if (parts.size() < 2 || parts.size() > 3) throw Error(Fault::usage, "no range");
  const auto is_letter = [](std::string_view part) {
    return part.size() == 1 && lower(part)[0] >= 'a' && lower(part)[0] <= 'z';
  };
  if (!is_letter(parts[0]) || !is_letter(parts[1])) {
    const auto step = parts.size() == 3 ? "/" + std::string(parts[2]) : "";
    return expanded_names("[" + std::string(parts[0]) + "-" + std::string(parts[1]) + step + "]");
  }
  const auto step = parts.size() == 3 ? parse_number(parts[2]) : 1;
  const bool same_case = (parts[0][0] < 'a') == (parts[1][0] < 'a');
  if (!step || *step < 1 || *step > kLetters || !same_case || parts[1][0] < parts[0][0]) {
    throw Error(Fault::usage, "no range");
  }
  std::vector<std::string> letters;
  const int last = static_cast<unsigned char>(parts[1][0]);
  for (int c = static_cast<unsigned char>(parts[0][0]); c <= last; c += static_cast<int>(*step)) {
    letters.emplace_back(1, static_cast<char>(c));
  }
  return letters;
}

// "node[01:50]" and "db-[a:f]" are ranges of Ansible's, and several of them multiply.
std::vector<std::string> names_of(const std::string& name, int line) {
  std::vector<std::string> names{""};
  try {
    for (auto rest = std::string_view(name); !rest.empty();) {
      const auto open = rest.find('[');
      const auto text = std::string(rest.substr(0, open));
      std::vector<std::string> texts{""};
      if (open != std::string_view::npos) {
        const auto close = rest.find(']', open);
        if (close == std::string_view::npos) throw Error(Fault::usage, "no range");
        texts = texts_between(rest.substr(open + 1, close - open - 1));
        rest.remove_prefix(close + 1);
      } else {
        rest = {};
      }
      if (texts.size() * names.size() > kMostNames) throw Error(Fault::usage, "too many");
      std::vector<std::string> longer;
      for (const auto& start : names) {
        for (const auto& one : texts) longer.push_back(start + text + one);
      }
      names = std::move(longer);
    }
  } catch (const Error&) {
    throw Error(Fault::usage, "line " + std::to_string(line) + ": " + quote(name) +
                                  " is no range: want node[01:50] or node[a:f]");
  }
  return names;
}

// Takes a port from the end: "node[1:5]:2222" and "[fe80::1]:22", but not "fe80::1".
std::string take_port(std::string& pattern) {
  const auto colon = pattern.rfind(':');
  if (colon == std::string::npos || !parse_number(pattern.substr(colon + 1))) return "";
  const auto before = pattern.substr(0, colon);
  std::string outside;
  bool in_brackets = false;
  for (const char c : before) {
    if (c == '[') in_brackets = true;
    if (!in_brackets) outside += c;
    if (c == ']') in_brackets = false;
  }
  if (in_brackets || outside.find(':') != std::string::npos) return "";
  auto port = pattern.substr(colon + 1);
  pattern = before;
  if (outside.empty()) pattern = before.substr(1, before.size() - 2);
  return port;
}

}  // namespace

std::vector<std::string> AnsibleInventory::hosts(const std::string& pattern, int line,
                                                 const std::string& group) {
  auto name = pattern;
  const auto port = take_port(name);
  // An address of IPv6 has no range.
  auto names =
      name.find("::") == std::string::npos ? names_of(name, line) : std::vector<std::string>{name};
  for (const auto& one : names) {
    hosts_.at(one, line);
    if (!port.empty()) host_value(one, "ansible_port", port, line);
    if (!is_everybody(group)) members_.emplace_back(one, group);
  }
  return names;
}

void AnsibleInventory::child(const std::string& group, const std::string& of, int line) {
  children_.emplace(group, line);
  if (!is_everybody(of)) parents_.emplace(group, of);
}

void AnsibleInventory::host_value(const std::string& name, const std::string& key,
                                  const std::string& value, int line) {
  if (is_of_ansible(key)) return hosts_.leave(line, name + " " + key + "=" + value);
  of_hosts_[name].push_back({key, value, line});
}

void AnsibleInventory::group_value(const std::string& group, const std::string& key,
                                   const std::string& value, int line) {
  if (key == "ansible_group_priority") {
    const bool is_negative = value.starts_with('-');
    const auto number = parse_number(value.substr(is_negative ? 1 : 0));
    priorities_[group] = !number ? kPriority : is_negative ? -*number : *number;
  } else if (is_of_ansible(key)) {
    hosts_.leave(line, "group " + group + " " + key + "=" + value);
  } else if (group == "all" && key_of(key).empty()) {
    globals_.push_back({{"add", "attr", key, value}, line});
  } else {
    of_groups_[group].push_back({key, value, line});
  }
}

void AnsibleInventory::add_group(NeighbourHost& host, const std::string& group) {
  if (std::ranges::find(host.groups, group) != host.groups.end()) return;
  host.groups.push_back(group);
  const auto [first, last] = parents_.equal_range(group);
  for (auto at = first; at != last; ++at) add_group(host, at->second);
}

// How many groups are around it; in a circle each begins at 1.
int AnsibleInventory::depth_of(const std::string& group) {
  const auto [place, is_new] = depths_.emplace(group, 1);
  if (!is_new) return place->second;
  int depth = 1;
  const auto [first, last] = parents_.equal_range(group);
  for (auto at = first; at != last; ++at) depth = std::max(depth, depth_of(at->second) + 1);
  return depths_[group] = depth;
}

// The last one counts: https://docs.ansible.com/ansible/latest/inventory_guide/
// intro_inventory.html#how-variables-are-merged.
std::vector<std::string> AnsibleInventory::in_order(std::vector<std::string> groups) {
  const auto order = [this](const std::string& group) {
    const auto said = priorities_.find(group);
    return std::tuple(depth_of(group), said == priorities_.end() ? kPriority : said->second, group);
  };
  std::ranges::sort(groups, {}, order);
  std::vector<std::string> around{"all"};
  if (groups.empty()) around.emplace_back("ungrouped");
  groups.insert(groups.begin(), around.begin(), around.end());
  return groups;
}

void AnsibleInventory::give_values(NeighbourHost& host) {
  std::map<std::string, Value> given;
  for (const auto& group : in_order(host.groups)) {
    const auto of_group = of_groups_.find(group);
    if (of_group == of_groups_.end()) continue;
    for (const auto& value : of_group->second) given[value.key] = value;
  }
  auto& own = of_hosts_[host.name];
  for (const auto& value : own) given.erase(value.key);
  const auto give = [&](const Value& value) {
    const auto key = key_of(value.key);
    if (key.empty()) {
      host.attributes.emplace_back(value.key, value.value);
    } else if (key == "appliance") {
      host.appliance = value.value;
    } else if (key == "container") {
      host.container = value.value;
    } else if (key == "jump") {
      const auto jump = jump_in(value.value);
      if (jump.empty())
        return hosts_.leave(value.line, host.name + " " + value.key + "=" + value.value);
      hosts_.set(host, key, jump, value.line);
    } else {
      hosts_.set(host, key, key == "sudo" ? (is_true(value.value) ? "yes" : "no") : value.value,
                 value.line);
    }
  };
  for (const auto& [key, value] : given) give(value);
  for (const auto& value : own) give(value);
}

NeighbourReading AnsibleInventory::reading() {
  for (const auto& [name, group] : members_) add_group(hosts_.at(name, 0), group);
  std::set<std::string> used;
  for (auto& host : hosts_.all()) {
    give_values(host);
    used.insert(host.groups.begin(), host.groups.end());
  }
  for (const auto& [group, line] : children_) {
    if (!there_.contains(group)) leave(line, "group " + group + ": the file has no such group");
  }
  for (const auto& [group, values] : of_groups_) {
    if (is_everybody(group) || used.contains(group)) continue;
    for (const auto& value : values) {
      leave(value.line,
            "group " + group + " " + value.key + "=" + value.value + ": no host is in it");
    }
  }
  auto reading = hosts_.reading();
  std::ranges::move(globals_, std::back_inserter(reading.commands));
  return reading;
}

}  // namespace cluster::frontend
