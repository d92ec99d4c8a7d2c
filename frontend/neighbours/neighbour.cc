#include "frontend/neighbours/neighbour.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::array kFormats{
    NeighbourFormat{"ansible", read_ansible},   NeighbourFormat{"hosts", read_etc_hosts},
    NeighbourFormat{"rocks", read_rocks},       NeighbourFormat{"ssh-config", read_ssh_config},
    NeighbourFormat{"warewulf", read_warewulf}, NeighbourFormat{"xcat", read_xcat},
};

using Words = std::vector<std::string>;

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

// Leaves out the hosts that `check` refuses, and what belongs to hosts that are not there.
void leave_unusable(NeighbourReading& reading, const NameCheck& check) {
  std::set<std::string> there;
  std::set<std::string> refused;
  std::erase_if(reading.commands, [&](const NeighbourCommand& command) {
    const auto& words = command.words;
    const auto place = place_of_host(words);
    if (place == 0) return false;
    const auto& host = words[place];
    const bool is_vm = words[2] == "vm" && place == 3;
    if (place == 3 && !is_vm) return !there.contains(host);
    try {
      check(host);
    } catch (const Error& error) {
      leave(reading, command.line, error.what());
      refused.insert(host);
      return true;
    }
    if (is_vm && refused.contains(words.at(4))) {
      leave(reading, command.line, host + " is a VM of " + words[4] + ", which is left out");
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

void NeighbourHosts::leave(int line, const std::string& what) {
  left_.push_back("line " + std::to_string(line) + ": " + what);
}

void NeighbourHosts::leave_what_cannot_be() {
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
                                const std::string& file, const NameCheck& check) {
  auto reading = format.read(text, file);
  leave_unusable(reading, check);
  leave_overwritten(reading);
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
