#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/gpu.h"
#include "db/host.h"
#include "frontend/hosts/context.h"

// The frontend's side of the conversation with gpupci.
namespace cluster::frontend {

/// The answer of gpupci on one host.
struct AgentAnswer {
  Host host;
  ssh::Reply reply;
  std::string out;  ///< its standard output, 16 MiB at the most
  std::string err;
};

/// The limits for each host by the key timeout=: seconds, a day at the most. Throws Error(usage).
ssh::Limits limits_of(const std::string& timeout);

/// Runs gpupci with `words`, which are our own ("-l --json"), on many hosts at once, by sudo where
/// the host wants it. Returns their answers in the order of `hosts`.
std::vector<AgentAnswer> ask_agents(Context& context, const std::vector<Host>& hosts,
                                    const std::string& words, const ssh::Limits& limits);

/// Does the same with a separate command for each host, which need not be gpupci. There are as many
/// `commands` as `hosts`. There are as many `inputs`, which the commands read, unless they read
/// nothing.
std::vector<AgentAnswer> ask_hosts(Context& context, const std::vector<Host>& hosts,
                                   const std::vector<std::string>& commands,
                                   const ssh::Limits& limits,
                                   const std::vector<ssh::Input>& inputs = {});

/// The error of a command that did not come to its end: Fault::unreachable when its host was not
/// reached, else Fault::io; also when sudo did not let it begin. Nothing when it ended, whatever
/// its status.
std::optional<Error> unfinished(const AgentAnswer& answer);

/// Returns one line that says why there is no answer; "" when gpupci ran there, whatever its exit
/// status.
std::string no_answer(const AgentAnswer& answer);

/// Calls `work` with the answer of gpupci. Returns an error when there is no answer, or when `work`
/// threw Error. The error is Fault::unreachable when the host was not reached, else Fault::io.
/// Returns nothing when all is well.
std::optional<Error> take_answer(const AgentAnswer& answer,
                                 const std::function<void(const AgentAnswer&)>& work);

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

/// The result for one card in the answer to `gpupci -d|-a ... --json`.
struct CardOutcome {
  SliceName name;
  PciAddress pci;
  std::string outcome;  ///< "detached", "already attached", ...; "failed" when one function did
  std::string error;    ///< "" when everything that was asked for happened
};

/// Throws Error(io) when the answer is not that.
std::vector<CardOutcome> outcomes_of(const AgentAnswer& answer);

/// The result of a check of the agent. A check that could not be made is never passed.
enum class Verdict { pass, warn, unknown, fail };

/// "PASS", "WARN", "UNKNOWN", "FAIL".
std::string_view name(Verdict verdict);

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
