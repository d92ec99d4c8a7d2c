#pragma once

#include <string>
#include <vector>

#include "cmd/run_printer.h"

namespace cluster::cmd {

/// Keeps what the hosts print until all have ended; 16 MiB of a host and 1 GiB of all at the most,
/// and says where it kept no more.
class RunRecord : public RunSink {
 public:
  RunRecord(Output& output, const std::vector<ssh::Target>& targets, bool stats);

  void out(std::size_t target, std::string_view bytes) override;
  void err(std::size_t target, std::string_view bytes) override;
  void ended(std::size_t target, const ssh::Reply& reply) override { note_time(target, reply); }
  bool prints() const override { return false; }

 protected:
  struct Heard {
    std::string out;
    std::string err;
    bool was_cut = false;
  };
  const Heard& heard(std::size_t target) const { return heard_[target]; }
  void note_cuts();

 private:
  void keep(Heard& heard, std::string& text, std::string_view bytes);

  std::vector<Heard> heard_;
  std::size_t kept_ = 0;  // bytes of all
};

/// Prints hosts that said the same, and ended in the same way, as one, under the names of them all.
class FoldedRun : public RunRecord {
 public:
  using RunRecord::RunRecord;
  void summarize(const std::vector<ssh::Reply>& replies) override;
};

/// Prints an array with an object for each host.
class JsonRun : public RunRecord {
 public:
  using RunRecord::RunRecord;
  void summarize(const std::vector<ssh::Reply>& replies) override;
};

}  // namespace cluster::cmd
