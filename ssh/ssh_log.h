#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::ssh {

/// The log of an `ssh` with LogLevel=DEBUG1, which tells how far it has come. These are words of
/// OpenSSH 9.2. When a later version has other words, less is known.
class SshLog {
 public:
  /// Takes a piece of the log, cut anywhere.
  void take(std::string_view bytes);

  bool has_sent_key_exchange() const { return has_sent_key_exchange_; }
  bool has_begun_login() const { return has_begun_login_; }
  bool is_in() const { return is_in_; }              ///< the login is over
  bool is_penalty() const { return is_penalty_; }    ///< the host turns us away for a while
  bool has_started() const { return has_started_; }  ///< the command has started
  bool has_status() const { return has_status_; }    ///< its exit status has come
  bool has_signal() const { return has_signal_; }    ///< it was killed there

  /// The type and the fingerprint of the key that the host has shown, "ssh-ed25519 SHA256:..."; ""
  /// = it has shown none, or a certificate.
  const std::string& shown_key() const { return shown_key_; }

  /// The complaints of ssh, line by line; of very many the first ones and the last.
  const std::vector<std::string>& said() const { return said_; }

 private:
  void take_line(std::string_view line);

  std::string line_;  // the last one, not complete yet
  std::vector<std::string> said_;
  std::string shown_key_;
  bool has_sent_key_exchange_ = false;
  bool has_begun_login_ = false;
  bool is_in_ = false;
  bool is_penalty_ = false;
  bool has_started_ = false;
  bool has_status_ = false;
  bool has_signal_ = false;
};

}  // namespace cluster::ssh
