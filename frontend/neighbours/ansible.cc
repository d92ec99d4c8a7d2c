// An inventory of Ansible: INI, or YAML when it looks like that
// (https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html).
#include <algorithm>

#include "core/error.h"
#include "core/expanded_names.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/neighbours/neighbour.h"
#include "frontend/neighbours/yaml_file.h"

namespace cluster::frontend {
namespace {

constexpr int kLetters = 26;

// Puts a host into groups, and the groups into those that have them as children.
class AnsibleReader {
 public:
  void host(const std::string& name, int line, const std::string& group) {
    hosts_.at(name, line);
    if (!is_everybody(group)) members_.emplace_back(name, group);
  }

  void child(const std::string& group, const std::string& of) {
    if (!is_everybody(of)) parents_.emplace(group, of);
  }

  void host_value(const std::string& name, const std::string& key, const std::string& value,
                  int line) {
    auto& host = hosts_.at(name, line);
    if (key == "ansible_host" || key == "ansible_ssh_host") {
      host.keys["address"] = value;
    } else if (key == "ansible_port" || key == "ansible_ssh_port") {
      host.keys["port"] = value;
    } else if (key == "ansible_user" || key == "ansible_ssh_user") {
      host.keys["user"] = value;
    } else if (key == "ansible_become") {
      host.keys["sudo"] = lower(value) == "true" || lower(value) == "yes" ? "yes" : "no";
    } else if (key.starts_with("ansible_")) {
      hosts_.leave(line, name + " " + key + "=" + value);
    } else {
      host.attributes.emplace_back(key, value);
    }
  }

  // A variable of all is an attribute of all; one of another group has no place.
  void group_value(const std::string& group, const std::string& key, const std::string& value,
                   int line) {
    if (group == "all" && !key.starts_with("ansible_")) {
      globals_.push_back({{"add", "attr", key, value}, line});
    } else {
      hosts_.leave(line, "group " + group + " " + key + "=" + value);
    }
  }

  void leave(int line, const std::string& what) { hosts_.leave(line, what); }

  NeighbourReading reading() {
    for (const auto& [name, group] : members_) add_group(hosts_.at(name, 0), group);
    auto reading = hosts_.reading();
    std::ranges::move(globals_, std::back_inserter(reading.commands));
    return reading;
  }

 private:
  void add_group(NeighbourHost& host, const std::string& group) {
    if (std::ranges::find(host.groups, group) != host.groups.end()) return;
    host.groups.push_back(group);
    const auto [first, last] = parents_.equal_range(group);
    for (auto at = first; at != last; ++at) add_group(host, at->second);
  }

  NeighbourHosts hosts_;
  std::vector<std::pair<std::string, std::string>> members_;
  std::multimap<std::string, std::string> parents_;
  std::vector<NeighbourCommand> globals_;
};

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
std::vector<std::string> hosts_of(const std::string& name, int line) {
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

// The line without the blanks at its ends, and without a comment, whose # follows a blank.
std::string_view without_comment(std::string_view line) {
  line = trim(line);
  for (auto at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return trim(line.substr(0, at));
  }
  return line;
}

std::string without_quotes(std::string_view text) {
  text = trim(text);
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '"' || text.front() == '\'');
  return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

// Splits NAME=VALUE NAME='a b' at the blanks that are not in quotes. A # begins a comment.
std::vector<std::string> ini_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  for (const char c : line) {
    if (quote == 0 && (c == '#' && word.empty())) break;
    if (quote == 0 && (c == ' ' || c == '\t')) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    }
    word += c;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// "node[01:50]:2222" is a port behind the names of hosts, which may have colons in brackets.
std::pair<std::string, std::string> name_and_port(const std::string& word) {
  const auto open = word.rfind('[');
  const auto colon = word.find(':', open == std::string::npos ? 0 : word.find(']', open));
  if (colon == std::string::npos || !parse_number(word.substr(colon + 1))) return {word, ""};
  return {word.substr(0, colon), word.substr(colon + 1)};
}

// A line of a host, or of a range of them, with what is said of it.
void read_ini_host(const std::string& group, std::string_view line, int number,
                   AnsibleReader& reader) {
  const auto words = ini_words(line);
  const auto [names, port] = name_and_port(words.at(0));
  for (const auto& name : hosts_of(names, number)) {
    reader.host(name, number, group);
    if (!port.empty()) reader.host_value(name, "ansible_port", port, number);
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      if (equals == std::string::npos) {
        throw Error(Fault::usage, "line " + std::to_string(number) + ": " + quote(words[i]) +
                                      " is no NAME=VALUE");
      }
      reader.host_value(name, words[i].substr(0, equals),
                        without_quotes(words[i].substr(equals + 1)), number);
    }
  }
}

void read_ini(std::string_view text, AnsibleReader& reader) {
  std::string group = "ungrouped";
  std::string kind;  // "", "vars" or "children"
  int number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.find(']') != std::string_view::npos) {
      const auto inside = line.substr(1, line.find(']') - 1);
      const auto colon = inside.find(':');
      group = std::string(inside.substr(0, colon));
      kind = colon == std::string_view::npos ? "" : std::string(inside.substr(colon + 1));
      if (kind.empty() || kind == "vars" || kind == "children") continue;
      throw Error(Fault::usage, "line " + std::to_string(number) + ": no such section: " +
                                    quote(inside) + " (want [x], [x:vars] or [x:children])");
    }
    if (kind == "children") {
      reader.child(std::string(without_comment(line)), group);
    } else if (kind == "vars") {
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) {
        throw Error(Fault::usage, "line " + std::to_string(number) + ": want NAME=VALUE");
      }
      reader.group_value(group, std::string(trim(line.substr(0, equals))),
                         without_quotes(line.substr(equals + 1)), number);
    } else {
      read_ini_host(group, line, number, reader);
    }
  }
}

// The depth of groups in each other that is read.
constexpr int kMaxDepth = 50;

void read_group(const std::string& name, const YAML::Node& group, AnsibleReader& reader, int depth);

// A name under `hosts:` with the facts below it.
void read_hosts(const std::string& group, const std::string& names, int line,
                const YAML::Node& facts, AnsibleReader& reader) {
  for (const auto& host : hosts_of(names, line)) {
    reader.host(host, line, group);
    if (!facts.IsMap()) continue;
    for (const auto& fact : facts) {
      if (fact.second.IsScalar()) {
        reader.host_value(host, fact.first.Scalar(), fact.second.Scalar(), line_of(fact.first));
      } else {
        reader.leave(line_of(fact.first), host + " " + fact.first.Scalar());
      }
    }
  }
}

// One entry of `hosts`, `vars` or `children` of a group.
void read_entry(const std::string& group, const std::string& section, const YAML::Node& entry,
                const YAML::Node& value, AnsibleReader& reader, int depth) {
  const auto& what = entry.Scalar();
  const int line = line_of(entry);
  if (section == "hosts") {
    read_hosts(group, what, line, value, reader);
  } else if (section == "children") {
    reader.child(what, group);
    read_group(what, value, reader, depth + 1);
  } else if (value.IsScalar()) {
    reader.group_value(group, what, value.Scalar(), line);
  } else {
    reader.leave(line, "group " + group + " " + what);
  }
}

void read_group(const std::string& name, const YAML::Node& group, AnsibleReader& reader,
                int depth) {
  if (!group.IsMap()) return;
  if (depth > kMaxDepth) {
    throw Error(Fault::usage, "line " + std::to_string(line_of(group)) + ": groups in " +
                                  std::to_string(depth) + " groups");
  }
  for (const auto& part : group) {
    const auto key = part.first.Scalar();
    const auto& entries = part.second;
    const bool is_known = key == "hosts" || key == "vars" || key == "children";
    if (is_known && entries.IsMap()) {
      for (const auto& entry : entries) {
        read_entry(name, key, entry.first, entry.second, reader, depth);
      }
    } else if (is_known && key != "vars" && entries.IsSequence()) {
      // People write a list, which Ansible itself passes over with a warning.
      for (const auto& entry : entries) read_entry(name, key, entry, {}, reader, depth);
    } else if (is_known && key != "vars" && entries.IsScalar()) {
      read_entry(name, key, entries, {}, reader, depth);
    } else if (!is_known || !entries.IsNull()) {
      reader.leave(line_of(part.first), "group " + name + " " + key);
    }
  }
}

void read_yaml(std::string_view text, AnsibleReader& reader) {
  read_yaml_file(text, [&](const YAML::Node& document) {
    if (!document.IsMap()) throw Error(Fault::usage, "it is no map of groups");
    for (const auto& group : document) read_group(group.first.Scalar(), group.second, reader, 1);
  });
}

// The first line that says something is "---" or "all:" in YAML, and never so in INI. A comment may
// follow it.
bool is_yaml(std::string_view text) {
  for (const auto raw : split(text, '\n')) {
    const auto line = without_comment(raw);
    if (line.empty()) continue;
    return line.starts_with("---") || line.starts_with("%YAML") ||
           (line.ends_with(':') && line.find(' ') == std::string_view::npos);
  }
  return false;
}

}  // namespace

NeighbourReading read_ansible(std::string_view text, const std::string& /*file*/) {
  AnsibleReader reader;
  if (is_yaml(text)) {
    read_yaml(text, reader);
  } else {
    read_ini(text, reader);
  }
  return reader.reading();
}

}  // namespace cluster::frontend
