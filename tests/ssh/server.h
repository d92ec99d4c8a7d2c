#pragma once

#include <gmock/gmock.h>
#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ssh/fan_out.h"
#include "ssh/operator.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {

/// Runs a local program to its end and returns its stdout. When it fails, this throws
/// std::runtime_error with its output.
std::string call(const std::vector<std::string>& arguments);

/// A program that runs in the background until its owner is gone. Its output goes to `log`.
class Background {
 public:
  Background(const std::vector<std::string>& arguments, const std::filesystem::path& log);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  void signal(int number) const;

 private:
  pid_t pid_ = -1;
};

/// A port of 127.0.0.1 that nobody else uses.
class Port {
 public:
  enum class Kind {
    closed,  ///< refuses connections
    silent,  ///< takes them and never says a word
  };
  explicit Port(Kind kind);
  /// Takes each connection, says `greeting` and closes it.
  explicit Port(const std::string& greeting);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  int number() const { return number_; }
  /// The number of connections taken so far.
  int taken() const { return taken_; }

 private:
  std::atomic<int> taken_ = 0;
  int socket_ = -1;
  int number_ = 0;
  std::thread thread_;
};

/// Another client that crowds the door of a server: its connections say nothing.
class Crowd {
 public:
  Crowd(int port, int size);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  std::vector<int> fds_;
};

/// Keeps what the hosts printed.
class Heard : public Sink {
 public:
  explicit Heard(std::size_t hosts) : out_(hosts), err_(hosts) {}
  void out(std::size_t target, std::string_view bytes) override { out_[target] += bytes; }
  void err(std::size_t target, std::string_view bytes) override { err_[target] += bytes; }
  void ended(std::size_t target, const Reply&) override { order.push_back(target); }

  const std::string& out(std::size_t target) const { return out_[target]; }
  const std::string& err(std::size_t target) const { return err_[target]; }

  std::vector<std::size_t> order;  ///< in which the hosts ended

 private:
  std::vector<std::string> out_;
  std::vector<std::string> err_;
};

/// The answer of one host.
struct Answer {
  Reply reply;
  std::string out;
  std::string err;
};

/// A test with a throw-away OpenSSH server and an operator. The server accepts the operator's key,
/// and the operator knows the server's key. Every address in 127.0.0.0/8 is a host of its own.
class Server : public ::testing::Test {
 protected:
  Server();
  ~Server() override;

  /// Starts the server; stops it first if it runs. `extra` are lines for its sshd_config. Before
  /// that, nobody listens on port().
  void start(const std::string& extra = "");

  /// Waits until the log of the server has `words`.
  void await_log(const std::string& words) const;

  /// The number of connections to the server, which has "LogLevel VERBOSE".
  std::size_t connections() const;

  /// Writes `lines` to the only configuration file that is read.
  void configure(const std::string& lines);
  /// Writes `lines` to ~/.ssh/known_hosts, instead of the right ones.
  void know(const std::string& lines);

  /// Runs on `to`, or on 127.0.0.1 with the port of the server.
  Answer run(const std::string& command) { return run(target(), command); }
  Answer run(const Target& to, const std::string& command);

  Target target(const std::string& address = "127.0.0.1") const;
  int port() const { return port_; }
  std::filesystem::path folder() const { return dir_.path(); }
  std::string path(const std::string& name) const { return dir_.path() / name; }
  std::string host_key() const;  ///< "ssh-ed25519 AAAA..."

  Operator me;
  Limits limits;

 private:
  TempDir dir_;
  int port_ = 0;
  std::unique_ptr<Background> sshd_;
};

/// How often `piece` stands in `text`.
std::size_t occurrences(const std::string& text, const std::string& piece);

/// The type and the key of a line "ssh-ed25519 AAAA... comment".
std::string without_comment(const std::string& public_key);

/// The content of a file.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace cluster::ssh
