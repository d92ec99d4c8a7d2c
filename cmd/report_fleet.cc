#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "cmd/line/output.h"
#include "cmd/line/wrap.h"
#include "core/keys.h"
#include "frontend/fleet/fleet_format.h"
#include "frontend/hosts/ask.h"
#include "frontend/vms/vm_status.h"

namespace cluster::cmd {
namespace report_fleet {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string format = "csv";
  std::string status = "no";
  std::string timeout = "30";
};

// Asks the hosts of the VMs what these do. Returns the exit status.
int ask_for_status(Context& context, frontend::Fleet& fleet, const ssh::Limits& limits) {
  std::vector<Vm> vms;
  for (const auto& one : fleet.vms) vms.push_back(one.vm);
  const auto all = frontend::look_at(context, vms, limits, frontend::Look::domains);
  const auto status = frontend::status_of(all);
  for (auto& one : fleet.vms) {
    const auto known = status.find(one.vm.name);
    if (known != status.end()) one.status = known->second;
  }
  return report_failures(context.output, frontend::failures_of(all));
}

int run(Context& context, const Args& args) {
  const auto& format = frontend::fleet_format(args.format);
  const bool with_status = parse_yes_no("status", args.status);
  if (with_status && !format.with_status) {
    throw Error(Fault::usage, "status=yes: format=" + args.format +
                                  " does not tell what VMs do: want format=prometheus");
  }
  const auto limits = frontend::limits_of(args.timeout);
  auto fleet = frontend::read_fleet(context.inventory(), args.hosts, format.with_guests);
  const int status = with_status ? ask_for_status(context, fleet, limits) : 0;
  const auto report = format.write(fleet);
  context.output.text(report.text);
  for (const auto& note : fleet.notes) context.output.note(note);
  for (const auto& note : report.notes) context.output.note(note);
  return status;
}

Action declare_report(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts, with their VMs, and VMs to report [all]");
  options.key("format", args->format, frontend::fleet_format_names() + " [csv]");
  options.key("status", args->status, "yes: ask libvirt on the containers what VMs do [no]");
  options.key("timeout", args->timeout, "seconds that a container may take [30]");
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
}  // namespace report_fleet

const Topic kFleetTopic{"fleet", report_fleet::print_formats, report_fleet::print_formats_markdown};

std::span<const Command> report_fleet_commands() { return report_fleet::kCommands; }

}  // namespace cluster::cmd
