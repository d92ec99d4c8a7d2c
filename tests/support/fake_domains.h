#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "frontend/hosts/context.h"

namespace cluster {

/// Hosts whose VMs need no libvirt. The VMs are defined, run and stop in memory.
class FakeDomains {
 public:
  struct Host {
    std::vector<virt::Domain> domains;
    std::vector<virt::VmDevice> in_use;  ///< of running VMs that the test does not start itself
    unsigned long version = 9000000;
    std::map<std::string, std::string> running;  ///< documents of domains that run, by UUID
    std::string capabilities;             ///< as DomainCapabilities::text(): "disk/bus virtio sata"
    std::optional<Error> failure;         ///< the reason that nobody gets in
    std::vector<std::string> done;        ///< "define vm-1", "start vm-1", in this order
    std::map<std::string, int> calls;     ///< the number of calls of each: "open", "list"
    std::function<void()> before_define;  ///< a look of the test's own
    std::map<std::string, virt::ToldAddresses> addresses;  ///< of running VMs, by name
    /// The agents: what each answers to a command; nothing = there is no agent in any guest.
    std::function<virt::AgentReply(const std::string& vm, const std::string& json)> agent;
  };

  /// The function that the tested commands get.
  frontend::DomainsOpener opener();

  std::map<std::string, Host> hosts;
  ssh::Limits asked_limits;
  ssh::Target asked_target;  ///< the last one

 private:
  std::mutex mutex_;
};

}  // namespace cluster
