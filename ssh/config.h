#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ssh/config_file.h"
#include "ssh/config_index.h"
#include "ssh/config_value.h"
#include "ssh/operator.h"
#include "ssh/route.h"
#include "ssh/transport.h"

namespace cluster::ssh {

/// The settings of ~/.ssh/config and /etc/ssh/ssh_config, by the rules of ssh_config(5), read once
/// for all hosts; tests/ssh/config_test.cc holds them against `ssh -G`. What libssh can do is done
/// by it. A host with a setting that needs OpenSSH itself (ProxyJump, a certificate, `Match exec`,
/// a keyword that is not known here, ...) goes through `ssh`; config_keyword.cc has the table. One
/// thread may use it at a time.
class Config {
 public:
  /// A configuration without any setting.
  Config() = default;
  explicit Config(std::vector<ConfigBlock> blocks) : blocks_(std::move(blocks)), index_(blocks_) {}

  /// Reads the files of `me`. Throws Error(usage) when one cannot be read.
  static Config read(const Operator& me);

  /// The way to reach `target`. The fields of `target` win over the files. Throws Error(usage) with
  /// `FILE:LINE: ` when a setting for it makes no sense.
  Route route(const Target& target, const Operator& me) const;

 private:
  std::vector<ConfigBlock> blocks_;
  ConfigIndex index_;
  mutable Sockets sockets_;  // those of master connections
};

}  // namespace cluster::ssh
