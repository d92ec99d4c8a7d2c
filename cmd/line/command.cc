#include "cmd/line/command.h"

#include "cmd/line/output.h"

namespace cluster::cmd {

Action declare(const Command& command, Options& options, CommonOptions& common) {
  auto action = command.declare(options);
  if (command.answer == Answer::table) {
    options.key("format", common.format, std::string(kFormatWords) + " [table]");
  }
  if (command.path.starts_with("list ")) {
    options.key("columns", common.columns, "columns to show, in this order: host,gpu [all]");
    options.key("sort", common.sort,
                "column to sort by; -COLUMN: the greatest first [as it comes]");
  }
  if (command.path != "help") {
    options.key("db", common.db, "inventory file [as `cluster show config` says]");
  }
  return action;
}

}  // namespace cluster::cmd
