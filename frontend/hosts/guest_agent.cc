#include "frontend/hosts/guest_agent.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base64.h"
#include "core/text.h"
#include "frontend/hosts/bounded_json.h"

namespace cluster::frontend {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{5};  // for an agent, which answers at once or never

// A program that runs in a guest.
struct Running {
  std::size_t guest = 0;
  long long pid = 0;
};

// Reads what the agent returned with `read`. Anything in it that is not as expected is an Error.
template <typename Read>
auto returned(const virt::AgentReply& reply, Read read) {
  if (reply.failure) throw Error(*reply.failure);
  try {
    return read(Json::parse(bounded_json(reply.json)).at("return"));
  } catch (const Json::exception&) {  // no JSON, or not these keys
  } catch (const Error&) {            // beyond the bounds
  }
  throw Error(Fault::io, "the agent in the guest does not say what is wanted: " +
                             quote(reply.json.substr(0, 80)));
}

std::string start_text(const GuestProgram& program) {
  Json command{{"execute", "guest-exec"},
               {"arguments",
                {{"path", program.path}, {"arg", program.arguments}, {"capture-output", true}}}};
  if (!program.input.empty()) command["arguments"]["input-data"] = base64(program.input);
  return command.dump();
}

std::string status_text(long long pid) {
  return Json{{"execute", "guest-exec-status"}, {"arguments", {{"pid", pid}}}}.dump();
}

// Returns true if the program has ended, and what it said.
bool take_status(const virt::AgentReply& reply, GuestOutput& output) {
  return returned(reply, [&](const Json& status) {
    if (!status.at("exited").get<bool>()) return false;
    output.out = parse_base64(status.value("out-data", "")).value_or("");
    output.status = status.value("exitcode", -1);
    return true;
  });
}

std::vector<Running> start(virt::Domains& domains, const std::vector<std::string>& uuids,
                           const GuestProgram& program, std::vector<GuestOutput>& outputs) {
  std::vector<virt::AgentCommand> commands;
  for (const auto& uuid : uuids) commands.push_back({uuid, start_text(program)});
  const auto replies = domains.ask_agents(commands, kPatience);
  std::vector<Running> running;
  for (std::size_t i = 0; i < uuids.size(); ++i) {
    try {
      const auto pid = returned(
          replies[i], [](const Json& started) { return started.at("pid").get<long long>(); });
      running.push_back({i, pid});
    } catch (const Error& error) {
      outputs[i].failure = error;
    }
  }
  return running;
}

}  // namespace

std::vector<GuestOutput> run_in_guests(virt::Domains& domains,
                                       const std::vector<std::string>& uuids,
                                       const GuestProgram& program, std::chrono::seconds deadline) {
  constexpr std::chrono::milliseconds kLongest{1000};
  const auto end = Clock::now() + deadline;
  std::vector<GuestOutput> outputs(uuids.size());
  auto running = start(domains, uuids, program, outputs);
  for (std::chrono::milliseconds pause{50}; !running.empty();
       pause = std::min(2 * pause, kLongest)) {
    std::vector<virt::AgentCommand> commands;
    for (const auto& one : running) commands.push_back({uuids[one.guest], status_text(one.pid)});
    const auto replies = domains.ask_agents(commands, kPatience);
    std::vector<Running> rest;
    for (std::size_t i = 0; i < running.size(); ++i) {
      auto& output = outputs[running[i].guest];
      try {
        if (!take_status(replies[i], output)) rest.push_back(running[i]);
      } catch (const Error& error) {
        output.failure = error;
      }
    }
    running = std::move(rest);
    if (running.empty()) break;
    if (Clock::now() + pause > end) {
      for (const auto& one : running) {
        outputs[one.guest].failure =
            Error(Fault::io, "what the agent started in the guest did not end within " +
                                 std::to_string(deadline.count()) + " s");
      }
      break;
    }
    std::this_thread::sleep_for(pause);
  }
  return outputs;
}

}  // namespace cluster::frontend
