#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cmd/context.h"
#include "frontend/hosts/ask.h"

// These functions turn failures of hosts and VMs into words and an exit status.
namespace cluster::cmd {

/// Notes about many hosts or VMs, of which those with the same words become one line:
/// "vm-container-1-[0-97] (98): no route to host". Words that differ by the name alone are the
/// same: "n[1-3] (3): no address is known for 'HOST'".
class FoldedNotes {
 public:
  /// `words` follow the name: ": no route to host", " gpupci1: is in use".
  void add(const std::string& who, const std::string& words);
  /// The same with the reason of a failure. Its exit status counts: 3 when the host was not
  /// reached, else 1.
  void add(const std::string& who, const Error& error);
  /// Prints them in the order in which their words came first.
  void print(Output& output) const;
  /// The worst exit status of the failures, 0 when there are none.
  int status() const { return status_; }

 private:
  struct Line {
    std::string words;
    std::vector<std::string> who;
  };
  std::vector<Line> lines_;
  std::unordered_map<std::string, std::size_t> by_words_;
  int status_ = 0;
};

/// The rows that differ in their first cell alone as one, for people to read: the cell names them
/// all.
Table folded(const Table& table);

/// Prints the table, folded unless a program is to read it.
void print_folded(Output& output, const Table& table);

/// Prints each failure, those with the same reason as one. Returns the worst exit status, 0 when
/// there are no failures.
int report_failures(Output& output, const frontend::Failures& failures);

/// Calls `work` with each answer that a host gave. Then it prints the failures of hosts without an
/// answer, and each Error that `work` threw, folded. Returns the exit status: 0 when every host had
/// its answer, else 1, but 3 when a host was not reached.
int for_each_answer(Context& context, const std::vector<frontend::AgentAnswer>& answers,
                    const std::function<void(const frontend::AgentAnswer&)>& work);

/// Does the same, but adds the failures to `notes`, which the caller prints.
void for_each_answer(const std::vector<frontend::AgentAnswer>& answers, FoldedNotes& notes,
                     const std::function<void(const frontend::AgentAnswer&)>& work);

}  // namespace cluster::cmd
