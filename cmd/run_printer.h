#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/line/output.h"
#include "ssh/transport.h"

namespace cluster::cmd {

/// True if the command did not end with status 0 there.
bool failed(const ssh::Reply& reply);

/// "exit status 7", or the reason why there is none.
std::string outcome(const ssh::Reply& reply);

/// What all ways of printing a run share.
class RunSink : public ssh::Sink {
 public:
  /// `targets` is kept by reference. `stats`: note_time() prints something.
  RunSink(Output& output, const std::vector<ssh::Target>& targets, bool stats)
      : output_(output), targets_(targets), stats_(stats) {}

  /// Prints what is printed once all have ended. The last line on standard error, when something
  /// failed on one of several hosts, is the same for all.
  virtual void summarize(const std::vector<ssh::Reply>& replies);

 protected:
  Output& output() { return output_; }
  const std::vector<ssh::Target>& targets() const { return targets_; }
  const std::string& name(std::size_t target) const { return targets_[target].name; }

  /// Prints a line on standard error with the time that the host took, where that is wanted.
  void note_time(std::size_t target, const ssh::Reply& reply);

  /// Prints one note for all hosts that failed in the same way.
  void note_failures(const std::vector<ssh::Reply>& replies);

 private:
  Output& output_;
  const std::vector<ssh::Target>& targets_;
  bool stats_;
};

/// Prints the output of hosts while it comes. With prefixes, and of several hosts on a terminal,
/// lines of different hosts never mix: a line is printed when it is whole, or when its host has
/// ended; on a terminal its control characters are escaped. Otherwise bytes pass as they come:
/// those of one host on a terminal, too, as `ssh` would print them. Throws ClosedPipe when nobody
/// reads standard output any more.
class RunPrinter : public RunSink {
 public:
  /// `prefix` puts "HOST: " before each line.
  RunPrinter(Output& output, const std::vector<ssh::Target>& targets, bool prefix, bool stats);

  void out(std::size_t target, std::string_view bytes) override;
  void err(std::size_t target, std::string_view bytes) override;
  void ended(std::size_t target, const ssh::Reply& reply) override;

  void summarize(const std::vector<ssh::Reply>& replies) override;

 private:
  // The part of a line that a host has sent while the line is not whole yet.
  struct Pending {
    std::string out;
    std::string err;
  };

  bool is_terminal(bool is_err);
  void print(bool is_err, std::size_t target, std::string_view bytes);
  void print_line(bool is_err, std::size_t target, std::string_view line);
  void finish(bool is_err, std::string& pending, std::size_t target);

  bool prefix_;
  std::vector<Pending> pending_;
  std::size_t all_pending_ = 0;  // bytes in it
};

}  // namespace cluster::cmd
