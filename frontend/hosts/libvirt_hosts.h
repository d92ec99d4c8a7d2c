#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.h"
#include "db/host.h"
#include "virt/domains.h"

// libvirt on many hosts at once.
namespace cluster::frontend {

/// A host of VMs, and the way to its libvirt; nothing of the connection outlives the
/// `limits.command_timeout` that it was opened with.
struct LibvirtHost {
  Host host;
  std::unique_ptr<virt::Domains> domains{};  ///< none when there is a failure
  std::optional<Error> failure{};            ///< the first one; after it the host is left alone
};

/// Does `work` on host number 0 to `count` - 1, which `at` gives, on all at once, but for those
/// that have failed. When it throws Error, that is the host's failure.
void on_each_of(std::size_t count, const std::function<LibvirtHost&(std::size_t)>& at,
                const std::function<void(std::size_t)>& work);

/// The same for hosts that are a LibvirtHost or more. `work` runs in several threads: it must leave
/// the inventory and the output alone, and what it writes must be of its own host.
template <typename OneHost>
void on_each(std::vector<OneHost>& hosts, const std::function<void(OneHost&)>& work) {
  on_each_of(
      hosts.size(), [&](std::size_t i) -> LibvirtHost& { return hosts[i]; },
      [&](std::size_t i) { work(hosts[i]); });
}

}  // namespace cluster::frontend
