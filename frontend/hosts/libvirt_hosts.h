#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "cmd/line/command.h"
#include "core/error.h"
#include "db/inventory.h"

// libvirt on many hosts at once.
namespace cluster::cmd {

/// A host of VMs, and the way to its libvirt.
struct Container {
  Host host;
  std::unique_ptr<virt::Domains> domains;  ///< none when there is a failure
  std::optional<Error> failure;            ///< the first one; after it the host is left alone
};

/// Connects to the libvirt of each of `hosts`; in their order. A host that fails is data, as with
/// Transport. Nothing of a connection outlives `limits.command_timeout`.
std::vector<Container> open_containers(Context& context, const std::vector<Host>& hosts,
                                       const ssh::Limits& limits);

/// Does `work` on all of `containers` at once, but for those that have failed. When it throws
/// Error, that is the container's failure. It runs in several threads: it must leave the inventory
/// and the output alone, and what it writes must be of its own container.
void on_each(std::vector<Container>& containers, const std::function<void(Container&)>& work);

/// Says on standard error why, where one has failed. Returns the exit status: 3 when a host was not
/// reached, else 1 when one has failed.
int tell_failures(Context& context, const std::vector<Container>& containers);

}  // namespace cluster::cmd
