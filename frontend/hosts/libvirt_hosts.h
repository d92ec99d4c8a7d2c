#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.h"
#include "db/host.h"
#include "virt/domains.h"

// This header is about libvirt on many hosts at once.
namespace cluster::frontend {

/// A host of VMs, and the way to its libvirt. No part of the connection outlives the
/// `limits.command_timeout` that it was opened with.
struct LibvirtHost {
  Host host;
  std::unique_ptr<virt::Domains> domains{};  ///< none when there is a failure
  std::optional<Error> failure{};            ///< the first failure; after it the host is left alone
};

/// Calls `work` for the hosts number 0 to `count` - 1, which `at` gives. It works on all hosts at
/// once, but skips those that have failed. When `work` throws Error, that is the host's failure.
void on_each_of(std::size_t count, const std::function<LibvirtHost&(std::size_t)>& at,
                const std::function<void(std::size_t)>& work);

/// Does the same for hosts of type LibvirtHost, or of a type that has more. `work` runs in several
/// threads: it must leave the inventory and the output alone, and may write only to its own host.
template <typename OneHost>
void on_each(std::vector<OneHost>& hosts, const std::function<void(OneHost&)>& work) {
  on_each_of(
      hosts.size(), [&](std::size_t i) -> LibvirtHost& { return hosts[i]; },
      [&](std::size_t i) { work(hosts[i]); });
}

}  // namespace cluster::frontend
