#pragma once

#include <string>
#include <vector>

#include "ssh/config_file.h"
#include "ssh/operator.h"
#include "ssh/route.h"
#include "ssh/transport.h"

namespace cluster::ssh {

/// ~/.ssh/config and /etc/ssh/ssh_config as ssh_config(5) has them, read once for all hosts. The
/// first value wins. Honoured: Host, Match (all, host, originalhost), Include, HostName, Port,
/// User, IdentityFile, IdentitiesOnly, IdentityAgent, UserKnownHostsFile, GlobalKnownHostsFile,
/// HostKeyAlias, ConnectTimeout. A host with a setting that needs OpenSSH itself (ProxyJump, a
/// certificate, `Match exec`, ...) goes through `ssh`; what is left is comfort (Compression,
/// SendEnv, ControlMaster, ...) and is not used.
class Config {
 public:
  /// Of nobody: no settings at all.
  Config() = default;
  explicit Config(std::vector<ConfigBlock> blocks) : blocks_(std::move(blocks)) {}

  /// The files of `me`. Throws Error(usage) when one cannot be read.
  static Config read(const Operator& me);

  /// How to reach `target`; what it says itself wins over the files. Throws Error(usage) with
  /// `FILE:LINE: ` when a setting for it has no sense.
  Route route(const Target& target, const Operator& me) const;

 private:
  std::vector<ConfigBlock> blocks_;
};

}  // namespace cluster::ssh
