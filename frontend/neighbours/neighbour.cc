#include "frontend/neighbours/neighbour.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::array kFormats{
    NeighbourFormat{"ansible", read_ansible},   NeighbourFormat{"hosts", read_etc_hosts},
    NeighbourFormat{"rocks", read_rocks},       NeighbourFormat{"ssh-config", read_ssh_config},
    NeighbourFormat{"warewulf", read_warewulf}, NeighbourFormat{"xcat", read_xcat},
};

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
  std::map<std::string, std::string> by_address;
  std::erase_if(hosts_, [&](NeighbourHost& host) {
    try {
      static_cast<void>(HostName(host.name));
    } catch (const Error& error) {
      leave(host.line, error.what());
      return true;
    }
    if (!host.container.empty()) return false;
    const auto address = host.keys.find("address");
    if (address == host.keys.end()) return false;
    const auto [first, is_new] = by_address.emplace(address->second, host.name);
    if (is_new) return false;
    leave(host.line,
          host.name + " address=" + address->second + ", which " + first->second + " has");
    host.keys.erase(address);
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
  std::vector<std::string> names;
  for (const auto& format : kFormats) names.emplace_back(format.name);
  throw Error(Fault::usage, "format=" + std::string(name) + ": want " + joined(names, ", "));
}

std::vector<std::string> blank_words(std::string_view line) {
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool is_everybody(std::string_view group) { return group == "all" || group == "ungrouped"; }

}  // namespace cluster::frontend
