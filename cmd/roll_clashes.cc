#include "cmd/roll_clashes.h"

#include <string_view>

#include "cmd/command_table.h"
#include "frontend/rolls/roll_store.h"
#include "frontend/vms/vm_fragments.h"

namespace cluster::cmd {

void refuse_clashes(const rolls::Roll& roll, const std::vector<rolls::Roll>& others) {
  frontend::refuse_attributes_of_vms(roll);
  std::vector<std::string_view> built_in;
  for (const auto& command : command_table().commands) built_in.push_back(command.path);
  frontend::refuse_clashes(roll, others, built_in);
}

}  // namespace cluster::cmd
