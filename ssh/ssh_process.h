#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ssh/child_process.h"
#include "ssh/job.h"
#include "ssh/knock.h"
#include "ssh/operator.h"
#include "ssh/ssh_log.h"

namespace cluster::ssh {

/// The work on one host through a process of OpenSSH's `ssh`, where libssh is not enough
/// (ProxyJump, certificates, ...). It reads the same configuration files and keeps the same rules:
/// strict host keys, no questions, the same bounds.
class SshProcess : public Job {
 public:
  /// The configuration of `me` counts, who outlives it.
  SshProcess(Run& run, std::size_t target, Route route, Past past, const Operator& me);
  ~SshProcess() override;

  std::size_t descriptors() const override { return 9; }  // five, a learned key, the ender's three
  void start() override;
  void ready() override;
  void late() override;
  void interrupt() override;

 private:
  const Target& asked() const { return run().targets[target()]; }
  std::vector<std::string> arguments() const;
  void start_ssh();
  void hear_door(std::string_view first_bytes);
  void read_all_there_is();
  void note_who_came_in();
  void take_err(std::string_view bytes);
  void command_has_started();
  bool has_shown_key();
  void conclude(int wait_status);
  void conclude_without_command(int status);
  void end_by_penalty(const std::string& sshd);
  std::string words_of_penalty(const std::string& sshd) const;
  std::string words_of(const Lessons::Failure& failure) const;
  std::vector<KnownKey> known() const;
  bool is_foretold();
  std::string without_success() const;
  void stop(End how, std::string reason);
  void stop_ssh();
  bool start_ender();
  void hear_ender();
  void let_ender_go();

  const Operator& me_;
  std::optional<Knock> knock_;    // at the jump host
  std::optional<Pipe> log_pipe_;  // ssh's own words, apart from what the host prints
  SshLog log_;
  FileDescriptor learned_;  // where `ssh` puts the host's key, when only that is wanted
  std::optional<ChildProcess> process_;
  std::optional<int> wait_status_;  // once it has exited
  std::string early_err_;           // stderr before the command: a banner, or of a jump host
  bool is_past_door_ = false;
  bool logs_in_ = false;
  bool has_come_in_ = false;
  bool has_started_ = false;    // the command has started, and its clock runs
  std::optional<End> stopped_;  // set when we have ended ssh; the way it counts
  std::string stop_reason_;
  std::string control_;                // the socket for a second ssh; "" = none
  std::optional<ChildProcess> ender_;  // ends the command on the host, over that socket
  std::string ender_said_;
};

}  // namespace cluster::ssh
