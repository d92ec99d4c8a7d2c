#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "frontend/fleet/fleet_format.h"

namespace cluster::cmd {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string format = "csv";
};

int run(Context& context, const Args& args) {
  const auto& format = frontend::fleet_format(args.format);
  const auto fleet = frontend::read_fleet(context.inventory(), args.hosts);
  const auto report = format.write(fleet);
  context.output.text(report.text);
  for (const auto& note : fleet.notes) context.output.note(note);
  for (const auto& note : report.notes) context.output.note(note);
  return 0;
}

Action declare_report(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts, with their VMs, and VMs to report [all]");
  options.key("format", args->format, frontend::fleet_format_names() + " [csv]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"report fleet", "print hosts, cards and VMs as another tool reads them", kSeeCards,
            declare_report},
};

}  // namespace

std::span<const Command> report_fleet_commands() { return kCommands; }

}  // namespace cluster::cmd
