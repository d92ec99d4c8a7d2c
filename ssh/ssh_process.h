#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ssh/child_process.h"
#include "ssh/job.h"
#include "ssh/operator.h"

namespace cluster::ssh {

/// The work on one host through a process of OpenSSH's `ssh`, where libssh is not enough
/// (ProxyJump, certificates, ...). It reads the same configuration files and keeps the same rules:
/// strict host keys, no questions, the same bounds.
class SshProcess : public Job {
 public:
  /// `asked` has the inventory's fields of the host; the configuration of `me` counts.
  SshProcess(Run& run, std::size_t target, Route route, Past past, Target asked, Operator me);
  ~SshProcess() override;

  void start() override;
  void ready() override;
  void late() override;

 private:
  std::vector<std::string> arguments() const;
  void read_all_there_is();
  void take_log(std::string_view bytes);
  void take_log_line(std::string_view line);
  void take_err(std::string_view bytes);
  void command_has_started();
  void conclude(int wait_status);
  void conclude_without_command(int status);
  bool is_foretold();
  std::string without_success() const;
  void stop(End how, std::string reason);

  Target asked_;
  Operator me_;
  Pipe log_;  // ssh's own words, apart from what the host prints
  std::optional<ChildProcess> process_;
  std::string log_line_;           // the last one, not complete yet
  std::vector<std::string> said_;  // the complaints of ssh, line by line
  std::string early_err_;          // stderr before the command: a banner, or of a jump host
  bool has_sent_key_exchange_ = false;
  bool has_begun_login_ = false;
  bool is_penalty_ = false;     // the host turns our address away for a while
  bool has_started_ = false;    // the command has started
  bool has_status_ = false;     // its exit status has come
  bool has_signal_ = false;     // it was killed there
  std::optional<End> stopped_;  // set when we have ended ssh; the way it counts
  std::string stop_reason_;
};

}  // namespace cluster::ssh
