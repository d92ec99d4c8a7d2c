#include "frontend/hosts/guest_address.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/ip_address.h"
#include "core/text.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::frontend {
namespace {

// A VM to be asked for, and the place of its target.
struct Wanted {
  std::string uuid;
  std::size_t target = 0;
};

constexpr std::size_t kMostAddresses = 256;  // of one guest

// What stands in quotes in `document` and is as long as the MAC address of an interface.
std::set<std::string_view> quoted_macs(std::string_view document) {
  constexpr std::size_t kLength = std::string_view("52:54:00:00:00:0a").size();
  std::set<std::string_view> found;
  for (auto at = document.find('\''); at != std::string_view::npos;
       at = document.find('\'', at + 1)) {
    const auto rest = document.substr(at + 1);
    if (rest.substr(0, kLength + 1).find('\'') == kLength) found.insert(rest.substr(0, kLength));
  }
  return found;
}

std::string fixed_address(const Vm& vm) {
  std::string found;
  for (const auto& interface : vm.interfaces) {
    for (const auto& address : interface.addresses) {
      if (!address.is_v6()) return address.address();
      if (found.empty()) found = address.address();
    }
  }
  return found;
}

// Asks libvirt on one container. One that does not answer knows no address, and gives false.
bool ask(Context& context, const ssh::Target& container, const std::vector<Wanted>& wanted,
         const ssh::Limits& limits, std::vector<ssh::Target>& targets) {
  try {
    const auto domains = context.open_domains(container, limits);
    std::map<std::string, std::string> documents;  // of those that run, by uuid
    for (const auto& domain : domains->list()) {
      if (domain.active) documents.emplace(domain.uuid, domain.xml);
    }
    std::vector<std::string> uuids;
    std::vector<std::size_t> places;
    for (const auto& one : wanted) {
      if (!documents.contains(one.uuid)) continue;
      uuids.push_back(one.uuid);
      places.push_back(one.target);
    }
    if (uuids.empty()) return true;
    const auto told = domains->addresses(uuids);
    for (std::size_t i = 0; i < uuids.size(); ++i) {
      const auto addresses = reachable(told[i], documents.at(uuids[i]));
      if (!addresses.empty()) targets[places[i]].address = addresses.front();
    }
    return true;
  } catch (const Error&) {  // the name is tried, and its failure is told
    return false;
  }
}

void ask_containers(Context& context, const std::map<HostName, std::vector<Wanted>>& wanted,
                    ssh::Limits limits, std::vector<ssh::Target>& targets) {
  constexpr std::chrono::seconds kMost{30};
  if (limits.command_timeout == std::chrono::seconds(0) || limits.command_timeout > kMost) {
    limits.command_timeout = kMost;
  }
  OnlyHosts names{std::in_place};
  for (const auto& [name, vms] : wanted) names->push_back(name);
  const auto containers = context.inventory().hosts(names);
  std::vector<ssh::Target> asked;
  for (const auto& container : containers) asked.push_back(target_of(container));
  const auto ask_there = [&](std::size_t i) {
    return ask(context, asked[i], wanted.at(containers[i].name), limits, targets);
  };
  ssh::SilentSink sink;
  context.transport.work_on(asked, ask_there, sink);
}

}  // namespace

std::vector<std::string> reachable(const virt::ToldAddresses& told, const std::string& domain_xml) {
  const auto document = lower(domain_xml);
  const auto quoted = quoted_macs(document);
  const auto is_known = [&](const virt::GuestAddress& one) { return quoted.contains(one.mac); };
  const bool has_known = std::ranges::any_of(told.addresses, is_known);
  std::vector<std::string> found;
  for (const auto& one : told.addresses) {
    // libvirt hands over what the agent in the guest calls an address, whatever that is.
    if (!is_ip_address(one.address) || is_local_address(one.address)) continue;
    if (has_known && !is_known(one)) continue;
    if (found.size() == kMostAddresses) break;
    if (std::ranges::find(found, one.address) == found.end()) found.push_back(one.address);
  }
  std::stable_partition(found.begin(), found.end(),
                        [](const std::string& one) { return !is_ip_v6(one); });
  return found;
}

std::vector<ssh::Target> targets_of(Context& context, const std::vector<Host>& hosts,
                                    const ssh::Limits& limits) {
  std::vector<ssh::Target> targets;
  OnlyHosts names{std::in_place};
  for (const auto& host : hosts) {
    targets.push_back(target_of(host));
    if (host.appliance == "vm" && !host.address) names->push_back(host.name);
  }
  if (names->empty()) return targets;
  std::map<std::string, Vm> vms;
  for (auto& vm : context.inventory().vms(names)) {
    const auto name = vm.name.str();
    vms.emplace(name, std::move(vm));
  }
  const auto vm_of = [&](const Host& host) {
    return host.address ? vms.end() : vms.find(host.name.str());
  };
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto vm = vm_of(hosts[i]);
    if (vm != vms.end()) targets[i].address = fixed_address(vm->second);
  }
  const auto found = context.transport.finds(targets);
  std::map<HostName, std::vector<Wanted>> wanted;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto vm = vm_of(hosts[i]);
    if (vm == vms.end() || found[i] || !targets[i].address.empty()) continue;
    wanted[vm->second.container].push_back({vm->second.uuid, i});
  }
  if (!wanted.empty()) ask_containers(context, wanted, limits, targets);
  return targets;
}

}  // namespace cluster::frontend
