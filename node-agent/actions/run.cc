#include "node-agent/actions/run.h"

#include "core/error.h"
#include "node-agent/actions/table.h"

namespace cluster::agent {

int run(const std::vector<std::string>& arguments, Stream& out, Stream& err,
        const Environment& environment) {
  try {
    if (arguments.empty()) {
      err << usage();
      return exit_status(Fault::usage);
    }
    const auto options = parse_options(arguments);
    const int status = options.action->run({options, out, err, environment});
    if (!out.good()) throw Error(Fault::io, "cannot write the answer to standard output");
    return status;
  } catch (const Error& error) {
    err << "gpupci: " << error.what() << "\n";
    return exit_status(error.fault());
  } catch (const std::exception& error) {
    err << "gpupci: internal error: " << error.what() << "\n";
    return kExitBug;
  }
}

}  // namespace cluster::agent
