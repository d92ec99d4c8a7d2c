#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/host_agent.h"
#include "frontend/hosts/agent_program.h"
#include "frontend/hosts/delivery.h"

namespace cluster::frontend {

/// What has become of gpupci on a host.
enum class UpgradeResult {
  wanted,     ///< nothing yet: ours would be installed
  current,    ///< it has ours
  newer,      ///< it has a newer one, which stays
  installed,  ///< ours is there now
  unit_written,
  unit_would_be_written,
  settings_written,
  failed,
};

/// "would be installed", "current", "unit written", ...
std::string_view name(UpgradeResult result);

/// A host on its way to the right gpupci.
struct AgentUpgrade {
  Host host;
  AgentProgram program;  ///< as the host told it last
  UpgradeResult result = UpgradeResult::wanted;
};

/// The gpupci that is installed beside this program; nothing when there is none.
std::optional<std::filesystem::path> own_gpupci();

/// The program `from`, ready to go to hosts. Throws what read_for_delivery() throws.
DeliveredFile gpupci_for_delivery(const std::filesystem::path& from);

/// Puts gpupci on hosts: the functions are called in this order. A host that fails keeps what it
/// has, and the functions after that leave it alone.
class AgentInstall {
 public:
  AgentInstall(Context& context, const ssh::Limits& limits) : context_(context), limits_(limits) {}

  /// Asks each host which gpupci it has at `path`; "" = where the shell finds it.
  void ask(const std::vector<Host>& hosts, const std::string& path);
  /// Finds the hosts that have `file` already, and those that cannot get it: of another machine
  /// type, or with a gpupci that came in a package (Fault::refused).
  void decide(const DeliveredFile& file);
  /// Puts `file` on the hosts that still want it.
  void deliver(DeliveredFile file);
  /// Writes the unit for the boot, does not enable it, and asks again.
  void write_units();
  /// Finds the hosts whose unit write_units() would write.
  void look_at_units();
  void deliver_settings(const DeliveredFile& file);
  /// Stores in the inventory what the hosts told. Returns the reason where that cannot be; else "".
  std::string store() const;

  /// The hosts that told which gpupci they have. A result may be set between two steps.
  std::vector<AgentUpgrade>& upgrades() { return upgrades_; }
  const Failures& failures() const { return failures_; }

 private:
  void fail(AgentUpgrade& one, const Error& error);
  template <typename Wanted, typename Order, typename Take>
  void by_root(Wanted wanted, Order order, Take take);

  Context& context_;
  ssh::Limits limits_;
  std::vector<AgentUpgrade> upgrades_;
  Failures failures_;
};

}  // namespace cluster::frontend
