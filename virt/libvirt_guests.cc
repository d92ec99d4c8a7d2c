#include "virt/libvirt_guests.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "core/at_once.h"
#include "core/ip_address.h"
#include "core/text.h"

namespace cluster::virt {
namespace {

// Returns none when that source knows none, or is none of this guest's.
std::vector<GuestAddress> told_by(const Libvirt& libvirt, virDomain* domain, unsigned source) {
  virDomainInterfacePtr* interfaces = nullptr;
  const int count = libvirt.domain_interface_addresses(domain, &interfaces, source, 0);
  std::vector<GuestAddress> found;
  for (int i = 0; i < count; ++i) {
    const auto* one = interfaces[i];
    for (unsigned k = 0; k < one->naddrs; ++k) {
      const std::string address = one->addrs[k].addr;
      if (is_local_address(address)) continue;
      found.push_back({lower(one->hwaddr == nullptr ? "" : one->hwaddr), address});
    }
    libvirt.domain_interface_free(interfaces[i]);
  }
  std::free(interfaces);
  return found;
}

}  // namespace

std::vector<ToldAddresses> addresses_of(const LibvirtHandles& domains,
                                        const std::vector<std::string>& uuids) {
  constexpr std::array kSources{
      std::pair(unsigned{VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT}, "agent"),
      std::pair(unsigned{VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE}, "lease"),
      std::pair(unsigned{VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP}, "arp"),
  };
  std::vector<ToldAddresses> all(uuids.size());
  at_once(uuids.size(), LibvirtHandles::kMostThreads, [&](std::size_t i) {
    const auto domain = domains.find(uuids[i]);
    if (!domain) return;
    for (const auto& [source, name] : kSources) {
      all[i].addresses = told_by(domains.libvirt(), domain.get(), source);
      if (all[i].addresses.empty()) continue;
      all[i].source = name;
      return;
    }
  });
  return all;
}

std::vector<AgentReply> ask_agents(const LibvirtHandles& domains,
                                   const std::vector<AgentCommand>& commands,
                                   std::chrono::seconds patience) {
  const SharedLibrary library("libvirt-qemu.so.0", "libvirt0");
  const decltype(&::virDomainQemuAgentCommand) ask = library.symbol("virDomainQemuAgentCommand");
  std::vector<AgentReply> replies(commands.size());
  at_once(commands.size(), LibvirtHandles::kMostThreads, [&](std::size_t i) {
    try {
      const auto vm = domains.look_up(commands[i].uuid);
      const DomainXml answer(
          ask(vm.domain.get(), commands[i].json.c_str(), static_cast<int>(patience.count()), 0));
      if (!answer) throw domains.failure("ask the agent in VM " + quote(vm.name));
      replies[i].json = answer.get();
    } catch (const Error& error) {
      replies[i].failure = error;
    }
  });
  return replies;
}

}  // namespace cluster::virt
