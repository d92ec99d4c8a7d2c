#include "cmd/failures.h"

#include <algorithm>

namespace cluster::cmd {

int report_failure(Output& output, const std::string& who, const Error& error) {
  output.note(who + ": " + error.what());
  return exit_status(error.fault() == Fault::unreachable ? Fault::unreachable : Fault::io);
}

int report_failures(Output& output, const frontend::Failures& failures) {
  int status = 0;
  for (const auto& one : failures) {
    status = std::max(status, report_failure(output, one.who, one.error));
  }
  return status;
}

int for_each_answer(Context& context, const std::vector<frontend::AgentAnswer>& answers,
                    const std::function<void(const frontend::AgentAnswer&)>& work) {
  int status = 0;
  for (const auto& answer : answers) {
    if (const auto failure = frontend::take_answer(answer, work)) {
      status = std::max(status, report_failure(context.output, answer.host.name.str(), *failure));
    }
  }
  return status;
}

}  // namespace cluster::cmd
