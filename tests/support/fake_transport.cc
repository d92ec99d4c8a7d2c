#include "tests/support/fake_transport.h"

#include "core/at_once.h"

namespace cluster {
namespace {

// In an answer TOKEN stands for the word after --report= in the host's input.
std::string with_token(std::string out, std::string_view input) {
  const std::string option = "--report=";
  const auto from = input.find(option);
  if (from == std::string::npos) return out;
  const std::string token(
      input.substr(from + option.size(), input.find(' ', from) - from - option.size()));
  for (auto at = out.find("TOKEN"); at != std::string::npos; at = out.find("TOKEN")) {
    out.replace(at, 5, token);
  }
  return out;
}

}  // namespace

std::vector<ssh::Reply> FakeTransport::run(const std::vector<ssh::Target>& targets,
                                           const std::string& command, const ssh::Limits& limits,
                                           ssh::Sink& sink) {
  asked_targets = targets;
  asked_command =
      targets.empty() || targets.back().command.empty() ? command : targets.back().command;
  asked_limits = limits;
  outlets.push_back(sink.outlet());
  std::vector<ssh::Reply> replies;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    auto answer = answers[targets[i].name];
    const auto& own = targets[i].command.empty() ? command : targets[i].command;
    if (const auto known = by_command.find(own); known != by_command.end())
      answer.out = known->second;
    if (const auto known = exactly.find({targets[i].name, own}); known != exactly.end())
      answer = known->second;
    answer.out = with_token(answer.out, targets[i].input.text());
    if (!answer.out.empty()) sink.out(i, answer.out);
    if (!answer.err.empty()) sink.err(i, answer.err);
    sink.ended(i, answer.reply);
    replies.push_back(answer.reply);
  }
  if (failure) throw Error(*failure);
  return replies;
}

void FakeTransport::work_on(const std::vector<ssh::Target>& targets, const ssh::Work& work,
                            ssh::Sink& sink) {
  outlets.push_back(sink.outlet());
  constexpr std::size_t kThreads = 8;
  if (interrupted_by == 0) at_once(targets.size(), kThreads, work);
}

std::vector<bool> FakeTransport::finds(const std::vector<ssh::Target>& targets) {
  std::vector<bool> found;
  for (const auto& target : targets) {
    found.push_back(!target.address.empty() || !unknown_names.contains(target.name));
  }
  return found;
}

int FakeTransport::converse(const ssh::Target& target, const std::string& command,
                            std::chrono::seconds) {
  asked_targets = {target};
  asked_command = command;
  return conversation_status;
}

}  // namespace cluster
