#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cmd/run_printer.h"
#include "core/file.h"

namespace cluster::cmd {

/// Writes the output of each host into HOST.out and HOST.err of a folder while it comes. Files that
/// are there are replaced, and no link is followed. Only the operator may read the new files.
class RunFiles : public RunSink {
 public:
  /// Makes the folder, and empty files for all hosts. Throws Error(io), and Error(refused), before
  /// it changes anything, for a host whose name is no name of a file.
  RunFiles(Output& output, const std::vector<ssh::Target>& targets, bool stats,
           std::filesystem::path folder);

  void out(std::size_t target, std::string_view bytes) override;
  void err(std::size_t target, std::string_view bytes) override;
  void ended(std::size_t target, const ssh::Reply& reply) override { note_time(target, reply); }
  bool prints() const override { return false; }
  void summarize(const std::vector<ssh::Reply>& replies) override;

 private:
  void check(const std::string& name) const;
  void make(const std::string& name);
  void add(const std::string& name, std::string_view bytes);

  std::filesystem::path folder_;
  FileDescriptor opened_;
};

}  // namespace cluster::cmd
