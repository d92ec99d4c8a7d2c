// An inventory of Ansible: INI, or YAML when it looks like that
// (https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html).
#include "core/error.h"
#include "core/text.h"
#include "frontend/neighbours/ansible_inventory.h"
#include "frontend/neighbours/yaml_file.h"

namespace cluster::frontend {
namespace {

// What is no text, behind its name in a line.
std::string said(const YAML::Node& value) { return value.IsNull() ? "" : ": " + told_line(value); }

// The depth of groups in each other that is read.
constexpr int kMaxDepth = 50;

void read_group(const std::string& name, const YAML::Node& group, AnsibleInventory& reader,
                int depth);

// A name under `hosts:` with the facts below it.
void read_hosts(const std::string& group, const std::string& names, int line,
                const YAML::Node& facts, AnsibleInventory& reader) {
  for (const auto& host : reader.hosts(names, line, group)) {
    if (!facts.IsMap()) {
      if (!facts.IsNull()) reader.leave(line_of(facts), host + said(facts));
      continue;
    }
    for (const auto& fact : facts) {
      if (fact.second.IsScalar()) {
        reader.host_value(host, fact.first.Scalar(), fact.second.Scalar(), line_of(fact.first));
      } else {
        reader.leave(line_of(fact.first), host + " " + fact.first.Scalar() + said(fact.second));
      }
    }
  }
}

// One entry of `hosts`, `vars` or `children` of a group.
void read_entry(const std::string& group, const std::string& section, const YAML::Node& entry,
                const YAML::Node& value, AnsibleInventory& reader, int depth) {
  const auto& what = entry.Scalar();
  const int line = line_of(entry);
  if (section == "hosts") {
    read_hosts(group, what, line, value, reader);
  } else if (section == "children") {
    reader.child(what, group, line);
    read_group(what, value, reader, depth + 1);
  } else if (value.IsScalar()) {
    reader.group_value(group, what, value.Scalar(), line);
  } else {
    reader.leave(line, "group " + group + " " + what + said(value));
  }
}

void read_group(const std::string& name, const YAML::Node& group, AnsibleInventory& reader,
                int depth) {
  reader.group(name);
  if (!group.IsMap()) {
    if (!group.IsNull()) reader.leave(line_of(group), "group " + name + said(group));
    return;
  }
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
      reader.leave(line_of(part.first), "group " + name + " " + key + said(entries));
    }
  }
}

void read_yaml(std::string_view text, AnsibleInventory& reader) {
  read_yaml_file(text, [&](const YAML::Node& document) {
    if (!document.IsMap()) throw Error(Fault::usage, "it is no map of groups");
    for (const auto& group : document) read_group(group.first.Scalar(), group.second, reader, 1);
  });
}

// The first line that says something is "---", "{" or "all:" in YAML, and never so in INI, where
// a colon has a port behind it.
bool is_yaml(std::string_view text) {
  for (const auto raw : split(text, '\n')) {
    auto line = trim(raw);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') return false;
    if (line.front() == '{' || line.front() == '%' || line.starts_with("---")) return true;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const auto before = trim(line.substr(0, colon));
    const auto behind = line.substr(colon + 1);
    const bool is_quoted = before.size() > 1 && before.front() == before.back() &&
                           (before.front() == '"' || before.front() == '\'');
    return (is_quoted || before.find_first_of(" \t=") == std::string_view::npos) &&
           (behind.empty() || behind.front() == ' ' || behind.front() == '\t');
  }
  return false;
}

}  // namespace

NeighbourReading read_ansible(std::string_view text, const std::string& /*file*/) {
  AnsibleInventory inventory;
  if (is_yaml(text)) {
    read_yaml(text, inventory);
  } else {
    read_ansible_ini(text, inventory);
  }
  return inventory.reading();
}

}  // namespace cluster::frontend
