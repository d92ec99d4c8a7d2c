#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/line/output.h"
#include "ssh/transport.h"

namespace cluster::cmd {

/// True if the command did not end with status 0 there.
bool failed(const ssh::Reply& reply);

/// Prints the output of hosts while it comes. With prefixes, lines of different hosts never mix: a
/// line is printed when it is whole, or when its host has ended. Without prefixes, bytes pass as
/// they come.
class RunPrinter : public ssh::Sink {
 public:
  /// `targets` is kept by reference. `prefix` puts "HOST: " before each line. `stats` prints a line
  /// on standard error with the time that each host took.
  RunPrinter(Output& output, const std::vector<ssh::Target>& targets, bool prefix, bool stats);

  void out(std::size_t target, std::string_view bytes) override;
  void err(std::size_t target, std::string_view bytes) override;
  void ended(std::size_t target, const ssh::Reply& reply) override;

  /// Prints the last line on standard error when something failed on one of several hosts.
  void summarize(const std::vector<ssh::Reply>& replies);

 private:
  // The part of a line that a host has sent while the line is not whole yet.
  struct Pending {
    std::string out;
    std::string err;
  };

  void print(std::ostream& stream, std::string& pending, std::size_t target,
             std::string_view bytes);
  void finish(std::ostream& stream, std::string& pending, std::size_t target);

  Output& output_;
  const std::vector<ssh::Target>& targets_;
  bool prefix_;
  bool stats_;
  std::vector<Pending> pending_;
};

}  // namespace cluster::cmd
