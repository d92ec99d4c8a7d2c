#include "cmd/program.h"

#include "cmd/context.h"
#include "cmd/line/parse.h"
#include "cmd/roll_command.h"
#include "core/error.h"

namespace cluster::cmd {
namespace {

Invocation read(const std::vector<std::string>& words) {
  try {
    return parse(words);
  } catch (const UnknownCommand& unknown) {
    return roll_command(words, unknown);
  }
}

}  // namespace

int run_program(const std::vector<std::string>& words, const Surroundings& around) {
  Output output(around.out, around.err);
  try {
    const auto invocation = read(words);
    output.set_format(invocation.format);
    Context context([&](Inventory::Open open) { return around.open(invocation.db, open); },
                    around.transport, around.open_domains, output);
    const int status = invocation.action(context);
    around.out.flush();
    if (!around.out)
      throw Error(Fault::io, "cannot write the answer: standard output is full or closed");
    return status;
  } catch (const Error& error) {
    around.out.flush();
    output.note(error.what());
    return exit_status(error.fault());
  } catch (const std::exception& error) {
    output.note(std::string("internal error: ") + error.what());
    return kExitBug;
  }
}

}  // namespace cluster::cmd
