#include "cmd/commands.h"

#include <algorithm>

namespace cluster::cmd {

// Each noun's list is defined in the noun's own file.
std::span<const Command> add_roll_commands();
std::span<const Command> attr_commands();
std::span<const Command> attr_list_commands();
std::span<const Command> check_host_gpu_commands();
std::span<const Command> detach_host_gpu_commands();
std::span<const Command> discover_host_gpu_commands();
std::span<const Command> distro_commands();
std::span<const Command> help_commands();
std::span<const Command> host_commands();
std::span<const Command> host_gpu_commands();
std::span<const Command> host_interface_commands();
std::span<const Command> host_vm_commands();
std::span<const Command> report_host_gpu_commands();
std::span<const Command> roll_attr_commands();
std::span<const Command> roll_commands();
std::span<const Command> run_host_commands();
std::span<const Command> run_roll_commands();
std::span<const Command> start_host_vm_commands();
std::span<const Command> vm_config_commands();

const std::vector<Command>& commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> list;
    for (const auto nouns :
         {add_roll_commands(), attr_commands(), attr_list_commands(), check_host_gpu_commands(),
          detach_host_gpu_commands(), discover_host_gpu_commands(), distro_commands(),
          help_commands(), host_commands(), host_gpu_commands(), host_interface_commands(),
          host_vm_commands(), report_host_gpu_commands(), roll_attr_commands(), roll_commands(),
          run_host_commands(), run_roll_commands(), start_host_vm_commands(),
          vm_config_commands()}) {
      list.insert(list.end(), nouns.begin(), nouns.end());
    }
    std::ranges::sort(list, {}, &Command::path);
    return list;
  }();
  return all;
}

}  // namespace cluster::cmd
