#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ssh/agent.h"
#include "ssh/doors.h"
#include "ssh/identity.h"
#include "ssh/known_hosts.h"
#include "ssh/libssh.h"
#include "ssh/loop.h"
#include "ssh/resolver.h"
#include "ssh/route.h"
#include "ssh/transport.h"
#include "ssh/watchdog.h"

namespace cluster::ssh {

/// The things that all hosts of one run share. One thread works on all hosts.
class Run {
 public:
  Run(const LibSsh& table, const std::vector<Target>& the_targets, const std::string& the_command,
      const Limits& the_limits, Sink& the_sink, Doors& the_doors)
      : libssh(table),
        targets(the_targets),
        command(the_command),
        limits(the_limits),
        sink(the_sink),
        doors(the_doors),
        resolver(loop),
        identities(table) {}

  const LibSsh& libssh;
  const std::vector<Target>& targets;
  const std::string& command;
  const Limits& limits;
  Sink& sink;
  Doors& doors;
  Loop loop;
  Resolver resolver;
  Identities identities;
  Watchdog watchdog;
  std::vector<std::size_t> ended;  ///< targets whose Job has ended and can go

  /// The command that `target` is to run.
  const std::string& command_of(std::size_t target) const {
    return targets[target].command.empty() ? command : targets[target].command;
  }

  /// The agent behind `path`, the same one for all hosts.
  Agent& agent(const std::string& path) { return agents_.try_emplace(path, path).first->second; }

  /// The table of `files`, read with the first host that has them.
  const KnownHosts& known_hosts(const std::vector<std::string>& files) {
    return known_hosts_.try_emplace(files, files).first->second;
  }

 private:
  std::map<std::string, Agent> agents_;
  std::map<std::vector<std::string>, KnownHosts> known_hosts_;
};

/// The work on one host, from connecting to the end. The loop of its Run wakes it.
class Job : public Waiter {
 public:
  /// `route` leads the command to the host that `run` knows as number `target`.
  Job(Run& run, std::size_t target, Route route);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// Begins the work, which may end at once.
  virtual void start() = 0;

  /// The outcome, complete once `target` is in Run::ended.
  const Reply& reply() const { return reply_; }

 protected:
  Run& run() const { return run_; }
  const Route& route() const { return route_; }
  std::size_t target() const { return target_; }

  /// The time by which the command must have started.
  Clock::time_point connect_deadline() const { return started_ + connect_timeout_; }
  /// The length of that time in words: "within 10 s".
  std::string connect_bound() const;
  /// The time by which a command that starts now must have ended.
  Clock::time_point command_deadline() const;

  /// Says that the login is over, so that another may begin.
  void is_in() { run_.doors.is_in(target_); }

  /// Ends the job. Only the first call counts.
  void end(End end, std::string reason) { conclude(end, -1, std::move(reason)); }
  void end_with_status(int status) { conclude(End::exited, status, ""); }
  bool has_ended() const { return has_ended_; }

 private:
  void conclude(End end, int status, std::string reason);

  Run& run_;
  std::size_t target_;
  Route route_;
  Clock::time_point started_ = Clock::now();
  std::chrono::seconds connect_timeout_;
  Reply reply_;
  bool has_ended_ = false;
};

}  // namespace cluster::ssh
