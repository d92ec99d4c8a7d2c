#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/line/output.h"
#include "cmd/line/wrap.h"
#include "frontend/fleet/fleet_format.h"

namespace cluster::cmd {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string format = "csv";
};

int run(Context& context, const Args& args) {
  const auto& format = frontend::fleet_format(args.format);
  const auto fleet = frontend::read_fleet(context.inventory(), args.hosts, format.with_guests);
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

std::vector<std::pair<std::string, std::string>> format_rows() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& format : frontend::fleet_formats()) rows.emplace_back(format.name, format.whose);
  return rows;
}

void print_formats(Output& output) {
  output.line("The formats of `cluster report fleet format=`:\n");
  output.text(two_columns(format_rows(), output.width()));
}

void print_formats_markdown(Output& output) {
  output.line("\n## Formats of the fleet\n");
  output.line("`cluster help fleet` lists them; [reports](reports.md) says how each is used.\n");
  output.line("| format= | for |\n| --- | --- |");
  for (const auto& [name, whose] : format_rows()) output.line("| `" + name + "` | " + whose + " |");
}

}  // namespace

const Topic kFleetTopic{"fleet", print_formats, print_formats_markdown};

std::span<const Command> report_fleet_commands() { return kCommands; }

}  // namespace cluster::cmd
