#include <string>
#include <vector>

#include "cmd/commands.h"
#include "cmd/line/output.h"
#include "cmd/line/wrap.h"
#include "frontend/vms/vm_attributes.h"

namespace cluster::cmd {
namespace {

void print(Output& output) {
  output.text(
      wrapped("Attributes that say how VMs are made. The nearest value counts: global < appliance "
              "< container < VM. They are set with `cluster set attr NAME VALUE` and `cluster set "
              "host attr HOST NAME VALUE`.",
              output.width()));
  output.line("");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& one : frontend::vm_attributes()) {
    rows.emplace_back(one.name,
                      std::string(one.values) + ": " + std::string(one.help) +
                          (one.fallback.empty() ? "" : " [" + std::string(one.fallback) + "]"));
  }
  output.text(two_columns(rows, output.width()));
  output.line("\n`cluster list roll attr` lists those of the enabled rolls.");
}

void print_markdown(Output& output) {
  output.line("\n## Attributes of VMs\n");
  output.line(
      "`cluster help attr` lists them, `cluster list roll attr` those of the enabled rolls.\n"
      "The nearest value counts: global < appliance < container < VM.\n");
  output.line("| attribute | values | default | meaning |\n| --- | --- | --- | --- |");
  for (const auto& one : frontend::vm_attributes()) {
    const auto fallback = one.fallback.empty() ? "" : "`" + std::string(one.fallback) + "`";
    output.line("| `" + std::string(one.name) + "` | " + std::string(one.values) + " | " +
                fallback + " | " + std::string(one.help) + " |");
  }
}

}  // namespace

const Topic kAttrTopic{"attr", print, print_markdown};

}  // namespace cluster::cmd
