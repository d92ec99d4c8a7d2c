#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/host.h"
#include "frontend/hosts/context.h"

// The frontend's side of the conversation with gpupci; agent_json.h reads what it answers.
namespace cluster::frontend {

/// The answer of gpupci on one host.
struct AgentAnswer {
  Host host;
  ssh::Reply reply;
  std::string out;  ///< its standard output, 16 MiB at the most
  std::string err;
};

/// What may be wrong with an agent that is not understood. No name of a host is in it: the same
/// words of many hosts become one line.
inline constexpr std::string_view kVersionHint = "is it of this version? cluster sync host agent";

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

}  // namespace cluster::frontend
