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

/// What gpupci answered on one host.
struct AgentAnswer {
  Host host;
  ssh::Reply reply;
  std::string out;  ///< its standard output, 16 MiB at the most
  std::string err;
};

/// What the key timeout= allows each host: seconds, a day at the most. Throws Error(usage).
ssh::Limits limits_of(const std::string& timeout);

/// Runs `command`, words of our own ("gpupci -l --json"), on `hosts`, many at once, and collects
/// what they answer, in the order of `hosts`.
std::vector<AgentAnswer> ask_agents(Context& context, const std::vector<Host>& hosts,
                                    const std::string& command, const ssh::Limits& limits);

/// The same with a command of its own for each host, not of gpupci alone; as many as `hosts`. So
/// are `inputs`, what the commands read, unless they read nothing.
std::vector<AgentAnswer> ask_hosts(Context& context, const std::vector<Host>& hosts,
                                   const std::vector<std::string>& commands,
                                   const ssh::Limits& limits,
                                   const std::vector<std::string>& inputs = {});

/// Why the answer is none, in one line; "" when gpupci ran there, whatever its exit status.
std::string no_answer(const AgentAnswer& answer);

/// Calls `work` with the answer. Returns why it is none, or why `work` threw Error: of
/// Fault::unreachable when the host was not reached, else of Fault::io; nothing when all is well.
std::optional<Error> take_answer(const AgentAnswer& answer,
                                 const std::function<void(const AgentAnswer&)>& work);

/// What `gpupci -l --json` says are the cards of a host. Throws Error(io) when it is not that.
std::vector<GpuCard> cards_of(const AgentAnswer& answer);

/// Which driver each function of them and of their slices has there, "" = none. Throws Error(io)
/// when the answer is not that.
std::map<PciAddress, std::string> drivers_of(const AgentAnswer& answer);

/// Which mediated devices the same answer tells of; nothing of an agent that does not speak of
/// them. Throws Error(io) when the answer is not that.
std::optional<std::vector<Mdev>> mdevs_of(const AgentAnswer& answer);

/// What became of one card in `gpupci -d|-a ... --json`.
struct CardOutcome {
  SliceName name;
  PciAddress pci;
  std::string outcome;  ///< "detached", "already attached", ...; "failed" when one function did
  std::string error;    ///< "" when all that was asked for happened
};

/// Throws Error(io) when the answer is not that.
std::vector<CardOutcome> outcomes_of(const AgentAnswer& answer);

/// What a check of the agent says. A check that could not be made is never passed.
enum class Verdict { pass, warn, unknown, fail };

/// "PASS", "WARN", "UNKNOWN", "FAIL".
std::string_view name(Verdict verdict);

/// One answer of `gpupci --check --json`.
struct CheckAnswer {
  std::string id;    ///< "H2", "D9"
  std::string card;  ///< "gpupci1"; "" when it is about the host
  Verdict result = Verdict::unknown;
  std::string reason;
  std::string fix;
};

/// Throws Error(io) when the answer is not that.
std::vector<CheckAnswer> checks_of(const AgentAnswer& answer);

}  // namespace cluster::frontend
