#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cmd/line/output.h"
#include "ssh/transport.h"

namespace cluster::cmd {

/// "98 hosts: 40 done, 3 failed, 55 running, 27 s left", at most `width` characters.
std::string progress_line(const ssh::Progress& progress, std::size_t width);

/// A Transport that shows the operator, on the terminal behind standard error, that a run of it
/// lives: one line, drawn anew in its place, and wiped before anything else is printed. On a signal
/// it names the hosts that have not ended. Where the command only answers, a run throws ClosedPipe
/// when nobody reads standard output any more, whether the answer is printed meanwhile or at its
/// end. The rest is done by the Transport below it.
class SignsOfLife : public ssh::Transport {
 public:
  /// `width` is that of the terminal, 0 where there is none: then there is no such line.
  SignsOfLife(ssh::Transport& transport, Output& output, std::size_t width)
      : transport_(transport), output_(output), width_(width) {}

  std::vector<ssh::Reply> run(const std::vector<ssh::Target>& targets, const std::string& command,
                              const ssh::Limits& limits, ssh::Sink& sink) override;
  void work_on(const std::vector<ssh::Target>& targets, const ssh::Work& work,
               ssh::Sink& sink) override;
  int interruption() const override { return transport_.interruption(); }
  std::vector<bool> finds(const std::vector<ssh::Target>& targets) override {
    return transport_.finds(targets);
  }
  int converse(const ssh::Target& target, const std::string& command,
               std::chrono::seconds connect_timeout) override {
    return transport_.converse(target, command, connect_timeout);
  }

 private:
  ssh::Transport& transport_;
  Output& output_;
  std::size_t width_;
};

}  // namespace cluster::cmd
