#include "frontend/hosts/ask.h"

#include <algorithm>

#include "core/error.h"
#include "core/keys.h"
#include "core/terminal_text.h"
#include "core/text.h"
#include "frontend/hosts/guest_address.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"

namespace cluster::frontend {
namespace {

constexpr std::size_t kMaxAnswer = 16U << 20U;
constexpr std::size_t kMaxAnswers = 1U << 30U;                 // of all hosts
constexpr std::string_view kGpupci = "/usr/local/bin/gpupci";  // as docs/security.md has it
constexpr int kCommandNotFound = 127;  // the status that every POSIX shell gives

class Collector : public ssh::Sink {
 public:
  explicit Collector(std::vector<AgentAnswer>& answers) : answers_(answers) {}

  void out(std::size_t target, std::string_view bytes) override {
    add(answers_[target].out, bytes);
  }
  void err(std::size_t target, std::string_view bytes) override {
    add(answers_[target].err, bytes);
  }
  void ended(std::size_t, const ssh::Reply&) override {}
  bool prints() const override { return false; }

 private:
  void add(std::string& text, std::string_view bytes) {
    bytes = bytes.substr(0, std::min(kMaxAnswer - text.size(), kMaxAnswers - kept_));
    kept_ += bytes.size();
    text += bytes;
  }

  std::vector<AgentAnswer>& answers_;
  std::size_t kept_ = 0;  // bytes of all
};

// Why sudo did not let the command run. It ends with 1 then, and a shell that finds no sudo with
// 127.
std::string refused_by_sudo(const AgentAnswer& answer, std::string_view program) {
  const auto status = answer.reply.status;
  if (!trim(answer.out).empty() || (status != 1 && status != kCommandNotFound)) return "";
  return sudo_refusal(login_user(answer.host), answer.err, program);
}

}  // namespace

ssh::Limits limits_of(const std::string& timeout) {
  constexpr int kDay = 86400;
  ssh::Limits limits;
  limits.command_timeout = std::chrono::seconds(parse_int("timeout", timeout, 1, kDay));
  return limits;
}

std::vector<AgentAnswer> ask_agents(Context& context, const std::vector<Host>& hosts,
                                    const std::string& words, const ssh::Limits& limits) {
  std::vector<std::string> commands;
  for (const auto& host : hosts) commands.push_back(gpupci_command(host, words));
  return ask_hosts(context, hosts, commands, limits);
}

std::vector<AgentAnswer> ask_hosts(Context& context, const std::vector<Host>& hosts,
                                   const std::vector<std::string>& commands,
                                   const ssh::Limits& limits,
                                   const std::vector<ssh::Input>& inputs) {
  std::vector<AgentAnswer> answers;
  auto targets = targets_of(context, hosts, limits);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    answers.push_back({hosts[i], {}, "", ""});
    targets[i].command = commands[i];
    if (!inputs.empty()) targets[i].input = inputs[i];
  }
  Collector collector(answers);
  auto replies = context.transport.run(targets, "", limits, collector);
  for (std::size_t i = 0; i < answers.size(); ++i) answers[i].reply = std::move(replies[i]);
  return answers;
}

std::optional<Error> unfinished(const AgentAnswer& answer) {
  const auto end = answer.reply.end;
  if (end == ssh::End::exited) {
    const auto refused = refused_by_sudo(answer, "ALL");
    return refused.empty() ? std::nullopt : std::optional(Error(Fault::io, refused));
  }
  return Error(ssh::reached(end) ? Fault::io : Fault::unreachable, answer.reply.reason);
}

std::string no_answer(const AgentAnswer& answer) {
  if (answer.reply.end != ssh::End::exited) return answer.reply.reason;
  if (auto refused = refused_by_sudo(answer, kGpupci); !refused.empty()) return refused;
  if (answer.reply.status == kCommandNotFound) {
    return "there is no gpupci: cluster sync host agent puts it there";
  }
  if (!trim(answer.out).empty()) return "";
  const std::string said = answer.err.empty() ? "" : ": " + brief(trim(split(answer.err, '\n')[0]));
  // Words that it does not know end with the status of wrong usage, and ours are right for ours.
  const bool is_doubtful = answer.reply.status == exit_status(Fault::usage);
  // gpupci --serve-ssh says so of what sudo=yes of the host puts before it.
  const bool is_forced = said.find("this key runs gpupci only") != std::string::npos;
  return "gpupci ended with status " + std::to_string(answer.reply.status) + " and no answer" +
         said +
         (is_forced     ? " (a host whose key has a forced command has no sudo=yes)"
          : is_doubtful ? " (" + std::string(kVersionHint) + ")"
                        : "");
}

std::optional<Error> take_answer(const AgentAnswer& answer,
                                 const std::function<void(const AgentAnswer&)>& work) {
  if (const auto why = no_answer(answer); !why.empty()) {
    const bool reached = ssh::reached(answer.reply.end);
    return Error(reached ? Fault::io : Fault::unreachable, why);
  }
  try {
    work(answer);
  } catch (const Error& error) {
    return Error(Fault::io, error.what());
  }
  return std::nullopt;
}

}  // namespace cluster::frontend
