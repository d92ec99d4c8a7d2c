#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster::ssh {

/// What commands read. Copies share the bytes, so many hosts may have the same large one.
class Input {
 public:
  Input() = default;
  Input(std::string text)  // NOLINT(google-explicit-constructor): a text is an input
      : text_(std::make_shared<const std::string>(std::move(text))) {}

  /// The bytes live as long as any copy.
  std::string_view text() const { return text_ ? std::string_view(*text_) : std::string_view(); }

 private:
  std::shared_ptr<const std::string> text_;
};

/// A key by which a host shows that it is that host.
struct PublicKey {
  std::string type;    ///< "ssh-ed25519"
  std::string base64;  ///< as known_hosts has it
};

/// A host to run a command on. A field that is empty or 0 comes from ~/.ssh/config, else it has the
/// default in brackets.
struct Target {
  std::string name;          ///< the operator's name for it, which ~/.ssh/config is searched for
  std::string address;       ///< IP address or DNS name [HostName of the config, else `name`]
  int port = 0;              ///< 1..65535 [22]
  std::string user;          ///< login name there [the operator's own]
  std::string command = {};  ///< the command to run there in place of the common one
  Input input = {};          ///< its standard input, of any length; then comes the end
  bool sudo = false;         ///< whoever starts what needs root there does so by `sudo -n`
  std::vector<PublicKey> keys = {};  ///< when there are any, only these count, not known_hosts
  bool through_openssh = false;      ///< `ssh` serves it, whatever the configuration says
  /// Jump hosts as ProxyJump has them, "you@gate:24,inner" [the configuration].
  std::string jump = {};
  /// Its key is taken, and nothing more: no login, no command. An unknown key is no failure then.
  bool shows_key = false;
};

/// Bounds of one run.
struct Limits {
  std::chrono::seconds connect_timeout{
      10};  ///< for the key exchange, and again for the login until the command has started
  std::chrono::seconds command_timeout{30};  ///< from then until it has ended; 0 = no bound
  std::size_t at_once = 1024;                ///< connections open at the same time, from 1
};

/// The way it ended on one host.
enum class End {
  exited,     ///< the command ended by itself; `status` is its exit status
  signaled,   ///< the command was killed there; `reason` names the signal
  timed_out,  ///< command_timeout passed
  lost,       ///< the connection broke, or closed without an exit status, after the command started
  unreachable,  ///< no connection: unknown address, refused, connect_timeout passed
  host_key,     ///< the host's key is unknown, changed or revoked
  no_login,     ///< none of the operator's keys was accepted
  interrupted,  ///< we were told to end before it had; `reason` says what became of it there
};

/// True if the command was started there at all.
inline bool reached(End end) {
  return end == End::exited || end == End::signaled || end == End::timed_out || end == End::lost ||
         end == End::interrupted;
}

/// The outcome on one host.
struct Reply {
  End end = End::unreachable;
  int status = -1;  ///< 0..255 when `end` is exited
  std::string
      reason;  ///< one line that says what went wrong and what would be right; "" when exited
  std::chrono::milliseconds elapsed{0};  ///< from connecting to the end
  int tries = 1;  ///< the host turned us away before the last one, as it was crowded for a moment
  PublicKey key = {};  ///< of a target that shows its key
};

/// How far a run is.
struct Progress {
  std::size_t hosts = 0;
  std::size_t running = 0;  ///< asked, and not ended
  std::size_t ended = 0;    ///< with those that failed
  std::size_t failed = 0;
  std::chrono::seconds left{0};  ///< until the last one of those that run is late; 0 = no bound
};

/// Takes the output of the hosts while it comes. `target` is the index into the targets of the run.
/// The bytes are as the host sent them, cut anywhere. The thread that runs the Transport calls it.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void out(std::size_t target, std::string_view bytes) = 0;
  virtual void err(std::size_t target, std::string_view bytes) = 0;
  virtual void ended(std::size_t target, const Reply& reply) = 0;

  /// True if progress() is to be called a few times a second.
  virtual bool wants_progress() const { return false; }
  virtual void progress(const Progress&) {}

  /// False if nothing is printed while the run lasts.
  virtual bool prints() const { return true; }

  /// A signal has told the run to end. Hosts whose numbers are `pending` have not; what runs there
  /// is ended now, then ended() tells of each.
  virtual void interrupted(const std::vector<std::size_t>& pending) { static_cast<void>(pending); }

  /// The descriptor to which the output goes; when nobody reads it any more, unread() is called
  /// once. -1 when that does not matter.
  virtual int outlet() const { return -1; }
  virtual void unread() {}
};

/// Takes nothing of a run.
class SilentSink : public Sink {
 public:
  void out(std::size_t, std::string_view) override {}
  void err(std::size_t, std::string_view) override {}
  void ended(std::size_t, const Reply&) override {}
  bool prints() const override { return false; }
};

/// The work on one target, by its number. It blocks in a library, so each has a thread. Returns
/// false where it failed.
using Work = std::function<bool(std::size_t target)>;

/// Runs one command on many hosts.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Hands `command` unchanged to the login shell of each target; returns the replies in the order
  /// of `targets`. A host that fails is a Reply, never an exception. Throws Error(io) when nothing
  /// can be run at all (libssh is missing), Error(usage) when ~/.ssh/config cannot be read.
  virtual std::vector<Reply> run(const std::vector<Target>& targets, const std::string& command,
                                 const Limits& limits, Sink& sink) = 0;

  /// Calls `work` for each target, for many at the same time, and returns when all of that has
  /// ended; what one threw is thrown then. `sink` is told of progress() and interrupted(). A signal
  /// is taken as by run(): those whose work has not begun then are left out, and the connections of
  /// the others are broken, so that they end soon; so are they when `sink` throws, which is thrown
  /// then. Does nothing after an interruption.
  virtual void work_on(const std::vector<Target>& targets, const Work& work, Sink& sink) = 0;

  /// The number of the signal (SIGINT, SIGTERM, SIGHUP) that told a run to end, else 0. Later runs
  /// end at once.
  virtual int interruption() const { return 0; }

  /// For each target whether its name leads anywhere: ~/.ssh/config says how, or the name service
  /// knows it. One with an address does. Throws Error(usage) when ~/.ssh/config cannot be read.
  virtual std::vector<bool> finds(const std::vector<Target>& targets) = 0;

  /// Hands `command` to the login shell of one target, with a terminal there, and lets this
  /// process' own standard input and output go to it until it ends. Returns the exit status, that
  /// of `ssh` when it made no connection. Throws Error(io) when `ssh` is missing.
  virtual int converse(const Target& target, const std::string& command,
                       std::chrono::seconds connect_timeout) = 0;
};

}  // namespace cluster::ssh
