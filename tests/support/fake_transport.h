#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ssh/transport.h"

namespace cluster {

/// Takes the answers from a map and not from the network, and remembers all the commands.
class FakeTransport : public ssh::Transport {
 public:
  /// The answers, by the name of the host. A host without an answer prints nothing and exits 0.
  struct Answer {
    std::string out;
    std::string err;
    ssh::Reply reply{ssh::End::exited, 0, "", std::chrono::milliseconds(12)};
  };

  std::vector<ssh::Reply> run(const std::vector<ssh::Target>& targets, const std::string& command,
                              const ssh::Limits& limits, ssh::Sink& sink) override {
    asked_targets = targets;
    asked_command =
        targets.empty() || targets.back().command.empty() ? command : targets.back().command;
    asked_limits = limits;
    std::vector<ssh::Reply> replies;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      auto answer = answers[targets[i].name];
      const auto& own = targets[i].command.empty() ? command : targets[i].command;
      if (const auto known = by_command.find(own); known != by_command.end())
        answer.out = known->second;
      if (const auto known = exactly.find({targets[i].name, own}); known != exactly.end())
        answer = known->second;
      answer.out = with_token(answer.out, targets[i].input);
      if (!answer.out.empty()) sink.out(i, answer.out);
      if (!answer.err.empty()) sink.err(i, answer.err);
      sink.ended(i, answer.reply);
      replies.push_back(answer.reply);
    }
    return replies;
  }

  std::map<std::string, Answer> answers;
  std::map<std::string, std::string>
      by_command;  ///< the output of every host for that command instead
  std::map<std::pair<std::string, std::string>, Answer>
      exactly;  ///< that host's answer to that command instead of both
  std::vector<ssh::Target> asked_targets;
  std::string asked_command;
  ssh::Limits asked_limits;

 private:
  // In an answer TOKEN stands for the word after --report= in the host's input.
  static std::string with_token(std::string out, const std::string& input) {
    const std::string option = "--report=";
    const auto from = input.find(option);
    if (from == std::string::npos) return out;
    const auto token =
        input.substr(from + option.size(), input.find(' ', from) - from - option.size());
    for (auto at = out.find("TOKEN"); at != std::string::npos; at = out.find("TOKEN")) {
      out.replace(at, 5, token);
    }
    return out;
  }
};

}  // namespace cluster
