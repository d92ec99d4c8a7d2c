#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/gpu.h"
#include "frontend/hosts/ask.h"

// What gpupci answers with --json, as docs/gpupci.md has it.
namespace cluster::frontend {

/// The cards of a host in the answer to `gpupci -l --json`. Throws Error(io) when the answer is not
/// that.
std::vector<GpuCard> cards_of(const AgentAnswer& answer);

/// The driver there of each function of the cards and of their slices, "" = none. Throws Error(io)
/// when the answer is not that.
std::map<PciAddress, std::string> drivers_of(const AgentAnswer& answer);

/// The driver that holds cards for VMs there, by the same answer; "" when an older agent does not
/// tell. Throws Error(io) when the answer is not that.
std::string stub_driver_of(const AgentAnswer& answer);

/// The mediated devices in the same answer; nothing when the agent does not report them. Throws
/// Error(io) when the answer is not that.
std::optional<std::vector<Mdev>> mdevs_of(const AgentAnswer& answer);

/// Both, of an answer that is read once.
struct ToldDevices {
  std::vector<GpuCard> cards;
  std::optional<std::vector<Mdev>> mdevs;
};
ToldDevices devices_of(const AgentAnswer& answer);

/// What gpupci did with a card; docs/gpupci.md says what each of its words means.
enum class CardResult {
  detached,
  already_detached,
  would_detach,
  attached,
  already_attached,
  without_driver,
  would_attach,
  rolled_back,
  failed,
  held_back,
  untouched,
  unknown,  ///< a word of an agent of another version
};

/// The result for one card in the answer to `gpupci -d|-a ... --json`: "failed" when one function
/// did.
struct CardOutcome {
  SliceName name;
  PciAddress pci;
  CardResult result = CardResult::unknown;
  std::string word;   ///< as the agent says it, "already detached", also where it is unknown here
  std::string error;  ///< "" when everything that was asked for happened
};

/// Throws Error(io) when the answer is not that.
std::vector<CardOutcome> outcomes_of(const AgentAnswer& answer);

/// The result of a check of the agent. A check that could not be made is never passed.
enum class Verdict { pass, warn, unknown, fail };

/// "PASS", "WARN", "UNKNOWN", "FAIL".
std::string_view name(Verdict verdict);

/// The verdict of that name; nothing when `word` is none.
std::optional<Verdict> verdict_named(std::string_view word);

/// One result in the answer to `gpupci --check --json`.
struct CheckAnswer {
  std::string id;    ///< "H2", "D9"
  std::string card;  ///< "gpupci1"; "" when it is about the host
  Verdict result = Verdict::unknown;
  std::string reason;
  std::string fix;
  std::vector<std::string> vms{};  ///< the domains of libvirt that are all of the reasons
};

/// Throws Error(io) when the answer is not that.
std::vector<CheckAnswer> checks_of(const AgentAnswer& answer);

}  // namespace cluster::frontend
