#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/file.h"
#include "ssh/dial.h"
#include "ssh/loop.h"
#include "ssh/resolver.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// Connects to a server and hears its first words, without a word of ours. An `ssh` that starts
/// another one for a jump host does not tell what the jump host said before it hung up. sshd counts
/// such a connection against our address (`noauth` of PerSourcePenalties in sshd_config(5)), so one
/// is enough for a run.
class Knock : public Waiter {
 public:
  /// Gets the first bytes, "" when none came within a second or so.
  using Done = std::function<void(std::string_view first_bytes)>;

  /// `done` is called once, from a later turn of the loop or within start().
  Knock(Loop& loop, Resolver& resolver, const std::string& address, int port, Done done);
  ~Knock() override;
  Knock(const Knock&) = delete;
  Knock& operator=(const Knock&) = delete;

  void start();
  void ready() override;
  void late() override { finish(""); }

 private:
  void finish(std::string_view first_bytes);

  Loop& loop_;
  Done done_;
  Route route_;
  std::optional<Dial> dial_;
  FileDescriptor socket_;
};

}  // namespace cluster::ssh
