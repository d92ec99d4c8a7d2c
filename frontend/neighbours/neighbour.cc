#include "frontend/neighbours/neighbour.h"

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>

#include "core/attribute_name.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/mac_address.h"
#include "core/secret_names.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::array kFormats{
    NeighbourFormat{"ansible", read_ansible},   NeighbourFormat{"hosts", read_etc_hosts},
    NeighbourFormat{"rocks", read_rocks},       NeighbourFormat{"ssh-config", read_ssh_config},
    NeighbourFormat{"warewulf", read_warewulf}, NeighbourFormat{"xcat", read_xcat},
};

using Words = std::vector<std::string>;
using Check = void (*)(const std::string& text);

constexpr int kMostNumber = std::numeric_limits<int>::max();

// What the commands would refuse, by key.
constexpr std::array<std::pair<std::string_view, Check>, 10> kChecks{{
    {"address", [](const std::string& text) { parse_address(text); }},
    {"cpus", [](const std::string& text) { parse_int("cpus", text, 1, kMostNumber); }},
    {"jump", [](const std::string& text) { parse_jump(text); }},
    {"mac", [](const std::string& text) { MacAddress::parse(text); }},
    {"mem", [](const std::string& text) { parse_size("mem", text, 'M', 1, kMostNumber); }},
    {"port", [](const std::string& text) { parse_int("port", text, 1, kMaxPort); }},
    {"rack", [](const std::string& text) { parse_int("rack", text, 0, kMostNumber); }},
    {"rank", [](const std::string& text) { parse_int("rank", text, 0, kMostNumber); }},
    {"sudo", [](const std::string& text) { parse_yes_no("sudo", text); }},
    {"user", [](const std::string& text) { parse_user(text); }},
}};

// True for SOURCE:PATH,DEVICE,BUS.
bool is_disk(const std::string& text) {
  const auto colon = text.find(':');
  return colon != std::string::npos && colon < text.find(',') && split(text, ',').size() >= 3;
}

// The place of the host in `add host NAME`, `add host vm NAME CONTAINER`, `add host attr NAME ...`.
std::size_t place_of_host(const Words& words) {
  if (words.size() < 3 || words[1] != "host") return 0;
  constexpr std::array kNouns{"attr", "gpu", "interface", "vm"};
  // A host may have the name of a noun; then keys follow, "add host gpu address=10.0.0.1".
  const bool is_of_noun = words.size() > 3 && words[3].find('=') == std::string::npos &&
                          std::ranges::find(kNouns, words[2]) != kNouns.end();
  return is_of_noun ? 3 : 2;
}

void leave(NeighbourReading& reading, int line, const std::string& what) {
  reading.left.push_back("line " + std::to_string(line) + ": " + what);
}

// True if the command adds an attribute, and no attribute may have that name.
bool leave_attribute(NeighbourReading& reading, const NeighbourCommand& command) {
  const auto& words = command.words;
  const std::size_t noun = words[1] == "attr" ? 1 : 2;
  if (words.size() < 4 || words[noun] != "attr") return false;
  const auto& name = words[words.size() - 2];
  if (is_attribute_name(name)) return false;
  leave(reading, command.line,
        joined(Words(words.begin() + 1, words.end()), " ") + ": no attribute has such a name");
  return true;
}

// Leaves out the hosts that `check` refuses, and what belongs to hosts that are not there.
void leave_unusable(NeighbourReading& reading, const NameCheck& check, const IsThere& is_there) {
  std::set<std::string> there;
  std::set<std::string> refused;
  std::map<std::string, std::string> in_any_case;
  std::erase_if(reading.commands, [&](const NeighbourCommand& command) {
    const auto& words = command.words;
    const auto place = place_of_host(words);
    if (leave_attribute(reading, command)) return true;
    if (place == 0) return false;
    const auto& host = words[place];
    const bool is_vm = words[2] == "vm" && place == 3;
    if (place == 3 && !is_vm) return !there.contains(host);
    try {
      check(host);
      const auto [first, is_new] = in_any_case.emplace(lower(host), host);
      if (!is_new) throw Error(Fault::exists, host + " is " + first->second + " in another case");
    } catch (const Error& error) {
      leave(reading, command.line, error.what());
      refused.insert(host);
      return true;
    }
    if (is_vm && refused.contains(words.at(4))) {
      leave(reading, command.line, host + " is a VM of " + words[4] + ", which is left out");
      return true;
    }
    if (is_vm && !there.contains(words[4]) && !is_there(words[4])) {
      leave(
          reading, command.line,
          host + " is a VM of " + words[4] + ", which is neither in the file nor in the inventory");
      return true;
    }
    there.insert(host);
    return false;
  });
}

// Of several values of one attribute the last one counts, as it does for those who read the file.
void leave_overwritten(NeighbourReading& reading) {
  std::map<Words, std::size_t> last;
  std::set<std::size_t> gone;
  for (std::size_t i = 0; i < reading.commands.size(); ++i) {
    auto words = reading.commands[i].words;
    const auto& noun = words[1] == "attr" ? words[1] : words[2];
    if (noun != "attr" || words.size() < 4) continue;
    const auto value = words.back();
    words.pop_back();
    const auto [before, is_first] = last.emplace(words, i);
    if (is_first) continue;
    const auto& other = reading.commands[before->second];
    if (other.words.back() != value) {
      leave(reading, other.line,
            joined(Words(words.begin() + 1, words.end()), " ") + " " + other.words.back() +
                ": it is " + value + " further on");
    }
    gone.insert(before->second);
    before->second = i;
  }
  std::size_t number = 0;
  std::erase_if(reading.commands,
                [&](const NeighbourCommand& /*command*/) { return gone.contains(number++); });
}

// A value that a command would read as an option, "-x" or "file=/etc/motd", stands behind its key.
void spell_out_values(NeighbourReading& reading) {
  constexpr std::array<std::string_view, 4> kOwnKeys{"attr=", "db=", "file=", "value="};
  for (auto& command : reading.commands) {
    auto& words = command.words;
    if (words.size() < 4 || (words[1] != "attr" && words[2] != "attr")) continue;
    auto& value = words.back();
    const auto is_of_value = [&](std::string_view key) { return value.starts_with(key); };
    if (value.starts_with('-') || std::ranges::any_of(kOwnKeys, is_of_value))
      value = "value=" + value;
  }
}

}  // namespace

NeighbourHost& NeighbourHosts::at(const std::string& name, int line) {
  const auto [place, is_new] = numbers_.emplace(name, hosts_.size());
  if (is_new) {
    hosts_.emplace_back();
    hosts_.back().name = name;
    hosts_.back().line = line;
  }
  return hosts_[place->second];
}

std::string NeighbourHosts::container_of(const std::string& name) const {
  const auto at = numbers_.find(name);
  return at == numbers_.end() ? "" : hosts_[at->second].container;
}

void NeighbourHosts::set(NeighbourHost& host, const std::string& key, const std::string& value,
                         int line) {
  auto& known = host.keys[key];
  if (!known.empty() && known != value) {
    leave(line, host.name + " " + key + "=" + known + ", said before: it is " + value + " here");
  }
  known = value;
}

// A terminal keeps what it shows, so a secret is told by its name alone.
void NeighbourHosts::leave(int line, const std::string& what) {
  auto text = what;
  const auto equals = text.find('=');
  if (equals != std::string::npos) {
    const auto name = std::string_view(text).substr(0, equals);
    const auto blank = name.rfind(' ');
    if (may_be_secret(blank == std::string_view::npos ? name : name.substr(blank + 1))) {
      text.replace(equals + 1, std::string::npos, "***");
    }
  }
  left_.push_back("line " + std::to_string(line) + ": " + text);
}

// What no host may have here must not keep the others out.
void NeighbourHosts::leave_wrong_values(NeighbourHost& host) {
  const bool is_vm = !host.container.empty();
  for (const auto& [key, check] : kChecks) {
    const auto at = host.keys.find(std::string(key));
    if (at == host.keys.end()) continue;
    try {
      check(at->second);
      if (!is_vm || key == "cpus" || key == "mem") continue;
      leave(host.line, host.name + " " + at->first + "=" + at->second);
    } catch (const Error& error) {
      leave(host.line, host.name + " " + error.what());
    }
    host.keys.erase(at);
  }
  if (std::ranges::all_of(host.disks, is_disk)) return;
  leave(host.line, host.name + " disk=" + joined(host.disks, " ") +
                       ": want SOURCE:PATH,DEVICE,BUS, with blanks between several");
  host.disks.clear();
  host.disk_sizes.clear();
}

void NeighbourHosts::leave_what_cannot_be() {
  for (auto& host : hosts_) leave_wrong_values(host);
  std::map<Words, std::string> owners;
  const auto leave_second = [&](NeighbourHost& host, const std::string& key, const Words& beside) {
    const auto value = host.keys.find(key);
    if (value == host.keys.end()) return;
    Words words{key, value->second};
    words.insert(words.end(), beside.begin(), beside.end());
    const auto [first, is_new] = owners.emplace(std::move(words), host.name);
    if (is_new) return;
    leave(host.line,
          host.name + " " + key + "=" + value->second + ", which " + first->second + " has");
    host.keys.erase(value);
  };
  std::erase_if(hosts_, [&](NeighbourHost& host) {
    if (!host.container.empty()) return false;
    if (host.appliance == "vm") {
      leave(host.line, host.name + " is a VM, and the file does not say on which host it runs");
      return true;
    }
    const auto jump = host.keys.find("jump");
    leave_second(host, "address", {jump == host.keys.end() ? "" : jump->second});
    leave_second(host, "mac", {});
    return false;
  });
}

NeighbourReading NeighbourHosts::reading() {
  leave_what_cannot_be();
  NeighbourReading reading;
  for (const auto& host : hosts_) {
    if (!host.container.empty()) continue;
    NeighbourCommand command{{"add", "host", host.name}, host.line};
    if (!host.appliance.empty()) command.words.push_back("appliance=" + host.appliance);
    for (const auto& [key, value] : host.keys) command.words.push_back(key + "=" + value);
    reading.commands.push_back(std::move(command));
  }
  for (const auto& host : hosts_) {
    if (host.container.empty()) continue;
    NeighbourCommand command{{"add", "host", "vm", host.name, host.container}, host.line};
    for (const auto& [key, value] : host.keys) command.words.push_back(key + "=" + value);
    for (const auto& disk : host.disks) command.words.push_back("disk=" + disk);
    for (const auto& size : host.disk_sizes) command.words.push_back("disksize=" + size);
    reading.commands.push_back(std::move(command));
  }
  for (const auto& host : hosts_) {
    auto attributes = host.attributes;
    if (!host.groups.empty()) attributes.emplace_back("groups", joined(host.groups, ","));
    for (const auto& [name, value] : attributes) {
      reading.commands.push_back({{"add", "host", "attr", host.name, name, value}, host.line});
    }
  }
  reading.left = std::move(left_);
  return reading;
}

std::span<const NeighbourFormat> neighbour_formats() { return kFormats; }

const NeighbourFormat& neighbour_format(std::string_view name) {
  const auto at = std::ranges::find(kFormats, name, &NeighbourFormat::name);
  if (at != kFormats.end()) return *at;
  throw Error(Fault::usage, "format=" + quote(name) + ": want " + neighbour_format_names());
}

std::string neighbour_format_names() {
  Words names;
  for (const auto& format : kFormats) names.emplace_back(format.name);
  return joined(names, ", ");
}

NeighbourReading read_neighbour(const NeighbourFormat& format, std::string_view text,
                                const std::string& file, const NameCheck& check,
                                const IsThere& is_there) {
  auto reading = format.read(text, file);
  leave_unusable(reading, check, is_there);
  leave_overwritten(reading);
  spell_out_values(reading);
  return reading;
}

std::vector<std::string> blank_words(std::string_view line) {
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool is_everybody(std::string_view group) { return group == "all" || group == "ungrouped"; }

}  // namespace cluster::frontend
