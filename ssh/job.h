#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ssh/agent.h"
#include "ssh/control_folder.h"
#include "ssh/doors.h"
#include "ssh/host_key.h"
#include "ssh/identity.h"
#include "ssh/known_hosts.h"
#include "ssh/lessons.h"
#include "ssh/libssh.h"
#include "ssh/loop.h"
#include "ssh/refusal.h"
#include "ssh/resolver.h"
#include "ssh/route.h"
#include "ssh/transport.h"
#include "ssh/warden.h"
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
  Sink& sink;  ///< a GuardedSink, which throws nothing
  Doors& doors;
  Loop loop;
  Resolver resolver;
  Identities identities;
  Watchdog watchdog;
  Lessons lessons;
  ControlFolder controls;
  std::vector<std::size_t> ended;  ///< targets whose Job has ended and can go

  /// The command that `target` is to run.
  const std::string& command_of(std::size_t target) const {
    return targets[target].command.empty() ? command : targets[target].command;
  }

  /// The agent behind `path`, the same one for all hosts.
  Agent& agent(const std::string& path) { return agents_.try_emplace(path, path).first->second; }

  /// The warden of the processes of this run, started with the first of them.
  const Warden& warden() { return warden_ ? *warden_ : warden_.emplace(); }

  /// The table of `files`, read with the first host that has them.
  const KnownHosts& known_hosts(const std::vector<std::string>& files) {
    return known_hosts_.try_emplace(files, files).first->second;
  }

 private:
  std::optional<Warden> warden_;
  std::map<std::string, Agent> agents_;
  std::map<std::vector<std::string>, KnownHosts> known_hosts_;
};

/// The tries of one host that went before.
struct Past {
  int tries = 0;
  Clock::duration spent{};  ///< with the pauses between them, and without the waiting at a door
  std::string reason = {};  ///< why the host turned the last one away; "" = it did not
};

/// One try of the work on one host, from connecting to the end. The loop of its Run wakes it.
class Job : public Waiter {
 public:
  /// `route` leads the command to the host that `run` knows as number `target`. The time that
  /// `past` has spent counts.
  Job(Run& run, std::size_t target, Route route, Past past);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// The most descriptors that it has open.
  virtual std::size_t descriptors() const = 0;
  static constexpr std::size_t kMostDescriptors = 9;

  /// Begins the work, which may end at once.
  virtual void start() = 0;

  /// Ends the command there if it runs, and soon the job, as End::interrupted.
  virtual void interrupt() = 0;

  /// The outcome, complete once `target` is in Run::ended.
  const Reply& reply() const { return reply_; }
  /// True if the outcome is that the host turned us away, which a moment may cure. The command has
  /// surely not started.
  bool may_try_again() const { return refusal_ == Refusal::momentary; }
  /// The reason why only OpenSSH can go on with the host, which has not been given up then; "" =
  /// the outcome stands.
  const std::string& needs_openssh() const { return needs_openssh_; }
  /// Why the host turned us away, in this try or before it; "" = it did not.
  const std::string& turned_away_as() const { return turned_away_as_; }
  /// The time by which the login must have begun.
  Clock::time_point connect_deadline() const { return started_ + connect_timeout_; }
  /// The time since the first try began, without the waiting at a door.
  Clock::duration spent() const { return Clock::now() - started_; }

 protected:
  Run& run() const { return run_; }
  const Route& route() const { return route_; }
  std::size_t target() const { return target_; }

  /// The number of this try, from 1.
  int tries() const { return reply_.tries; }

  /// Says that the host is there, as its key exchange is over: a login may be slow, so it has a
  /// time of its own, which no ConnectTimeout makes shorter (ssh_config(5)).
  void begin_login();
  /// The length of the time that counts now, in words: "within 10 s".
  std::string connect_bound() const;
  /// The time by which a command that starts now must have ended.
  Clock::time_point command_deadline() const;

  /// Says that the jump host has let us in, so what follows is of the host behind it.
  void past_door() { run_.doors.opens(target_); }
  /// Says that the login is over, so that another may begin.
  void is_in() { run_.doors.is_in(target_, Clock::now()); }

  /// Ends the job. Only the first call counts.
  void end(End end, std::string reason) { conclude(end, -1, std::move(reason)); }
  /// Ends the job, as the host turned us away before the login.
  void end_turned_away(Refusal refusal, std::string reason);
  /// What to say when the time to connect is over, in place of `reason`: that the host turned us
  /// away each time, if it did.
  std::string words_when_late(std::string reason) const;
  /// Ends the job in the middle of the login, so that OpenSSH begins anew.
  void end_for_openssh(const std::string& why) {
    needs_openssh_ = why;
    end(End::interrupted, "interrupted before the command had started");
  }
  void end_with_status(int status) { conclude(End::exited, status, ""); }
  /// Ends the job of a target that shows its key: with the key, or with what is wrong with it.
  void end_with_key(const HostKey& shown, const std::vector<KnownKey>& known);
  bool has_ended() const { return has_ended_; }

 private:
  void conclude(End end, int status, std::string reason);

  Run& run_;
  std::size_t target_;
  Route route_;
  Clock::time_point started_;
  std::chrono::seconds connect_timeout_;
  bool has_begun_login_ = false;
  Reply reply_;
  Refusal refusal_ = Refusal::final;
  std::string turned_away_as_;
  std::string needs_openssh_;
  bool has_ended_ = false;
};

}  // namespace cluster::ssh
