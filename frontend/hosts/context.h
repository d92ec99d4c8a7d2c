#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "db/inventory.h"
#include "ssh/transport.h"
#include "virt/domains.h"

namespace cluster::frontend {

/// Connects to libvirt on a host. Several threads may call it at once. The host may take
/// `limits.command_timeout` for it and all later calls together. Throws Error(unreachable) or
/// Error(io), with the reason.
using DomainsOpener = std::function<std::unique_ptr<virt::Domains>(const ssh::Target& target,
                                                                   const ssh::Limits& limits)>;

/// The things that the frontend works with. There are no globals: tests build a Context with an
/// inventory in memory.
class Context {
 public:
  /// Opens the inventory when a command first asks for it.
  using Opener = std::function<std::unique_ptr<Inventory>(Inventory::Open)>;

  Context(Opener open, ssh::Transport& to_hosts, DomainsOpener to_vms)
      : transport(to_hosts), open_domains(std::move(to_vms)), open_(std::move(open)) {}

  /// Throws what Inventory's constructor throws. Call it after the arguments have become values: a
  /// wrong argument must not even make an empty file.
  Inventory& inventory(Inventory::Open open = Inventory::Open::existing) {
    if (!inventory_) inventory_ = open_(open);
    return *inventory_;
  }

  /// A command that asks hosts and writes nothing needs the inventory no more from here on: its
  /// memory serves the logins. Nothing of it may be held still; inventory() opens it again.
  void close_inventory() { inventory_.reset(); }

  ssh::Transport& transport;
  DomainsOpener open_domains;

 private:
  Opener open_;
  std::unique_ptr<Inventory> inventory_;
};

/// A failure of one host or VM among many; the others go on.
struct PartFailure {
  std::string who;  ///< name of the host or the VM
  Error error;      ///< Fault::unreachable where the host was not reached
};

using Failures = std::vector<PartFailure>;

}  // namespace cluster::frontend
