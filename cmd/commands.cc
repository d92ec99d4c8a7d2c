#include "cmd/commands.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cmd/command_table.h"
#include "cmd/help_texts.h"

namespace cluster::cmd {
namespace {

constexpr std::array kGroups{kSeeCards,     kGiveCards,     kRunVms,
                             kPrepareHosts, kKeepInventory, kGetHelp};

// Other words that people use for things that have a name here.
constexpr std::array kSynonyms{
    Synonym{"ansible", "fleet"},  Synonym{"attribute", "attr"},     Synonym{"card", "host gpu"},
    Synonym{"container", "host"}, Synonym{"dhcpd", "network dhcp"}, Synonym{"disk", "host vm"},
    Synonym{"domain", "host vm"}, Synonym{"genders", "fleet"},      Synonym{"guest", "host vm"},
    Synonym{"history", "change"}, Synonym{"html", "fleet"},         Synonym{"image", "host vm"},
    Synonym{"log", "change"},     Synonym{"machine", "host vm"},    Synonym{"node", "host"},
    Synonym{"package", "distro"}, Synonym{"prometheus", "fleet"},   Synonym{"server", "host"},
    Synonym{"slice", "host gpu"}, Synonym{"slurm", "fleet"},        Synonym{"vgpu", "host gpu"},
    Synonym{"xml", "vm config"},
};

// None means a verb that removes or stops: nobody is led to that, but to what is said of it.
constexpr std::array kFirstWords{
    FirstWord{"backup", "save database"},
    FirstWord{"boot", "start"},
    FirstWord{"clush", "run host"},
    FirstWord{"config", "show config"},
    FirstWord{"console", "open host console"},
    FirstWord{"create", "add"},
    FirstWord{"define", "sync vm config"},
    FirstWord{"del", "help remove"},
    FirstWord{"delete", "help remove"},
    FirstWord{"describe", "list"},
    FirstWord{"destroy", "help stop"},
    FirstWord{"doctor", "check host gpu"},
    FirstWord{"drain", "set host"},
    FirstWord{"edit", "set"},
    FirstWord{"exec", "run host"},
    FirstWord{"export", "dump"},
    FirstWord{"free", "list host gpu"},
    FirstWord{"get", "list"},
    FirstWord{"get config", "show config"},
    FirstWord{"gpupci", "run host"},
    FirstWord{"halt", "help stop"},
    FirstWord{"import", "load"},
    FirstWord{"info", "list"},
    FirstWord{"init", "setup"},
    FirstWord{"install agent", "sync host agent"},
    FirstWord{"install host agent", "sync host agent"},
    FirstWord{"install roll", "add roll"},
    FirstWord{"kill", "help stop"},
    FirstWord{"list config", "show config"},
    FirstWord{"ls", "list"},
    FirstWord{"lspci", "list host gpu"},
    FirstWord{"migrate", "set host vm"},
    FirstWord{"migrate database", "copy database"},
    FirstWord{"modify", "set"},
    FirstWord{"move", "set host vm"},
    FirstWord{"move database", "copy database"},
    FirstWord{"new", "add"},
    FirstWord{"nodeset", "expand host"},
    FirstWord{"nvidia-smi", "list host gpu"},
    FirstWord{"pdcp", "copy host"},
    FirstWord{"pdsh", "run host"},
    FirstWord{"power", "set host power"},
    FirstWord{"poweroff", "help stop"},
    FirstWord{"reboot", "help stop"},
    FirstWord{"rename", "help set"},
    FirstWord{"reset", "help stop"},
    FirstWord{"restart", "help stop"},
    FirstWord{"revert", "undo change"},
    FirstWord{"rm", "help remove"},
    FirstWord{"scp", "copy host"},
    FirstWord{"settings", "show config"},
    FirstWord{"show", "list"},
    FirstWord{"shutdown", "help stop"},
    FirstWord{"ssh", "run host"},
    FirstWord{"status", "list host gpu"},
    FirstWord{"undefine", "help remove"},
    FirstWord{"undo", "undo change"},
    FirstWord{"update", "set"},
    FirstWord{"virsh", "list host vm"},
};

std::vector<Command> all_commands() {
  std::vector<Command> list;
  for (const auto commands : {add_roll_commands(),
                              appliance_commands(),
                              attr_commands(),
                              attr_list_commands(),
                              change_commands(),
                              check_host_gpu_commands(),
                              check_host_vm_commands(),
                              config_commands(),
                              copy_database_commands(),
                              copy_host_commands(),
                              database_commands(),
                              detach_host_gpu_commands(),
                              discover_host_gpu_commands(),
                              discover_host_vm_commands(),
                              distro_commands(),
                              dump_commands(),
                              expand_host_commands(),
                              help_commands(),
                              host_commands(),
                              host_gpu_commands(),
                              host_interface_commands(),
                              host_agent_commands(),
                              host_key_commands(),
                              host_power_commands(),
                              host_vm_commands(),
                              host_vm_list_commands(),
                              load_commands(),
                              network_commands(),
                              open_host_console_commands(),
                              pause_host_vm_commands(),
                              report_fleet_commands(),
                              report_host_commands(),
                              report_host_gpu_commands(),
                              report_network_commands(),
                              roll_attr_commands(),
                              roll_commands(),
                              run_host_commands(),
                              run_roll_commands(),
                              setup_commands(),
                              start_host_vm_commands(),
                              sync_host_gpu_commands(),
                              vm_config_commands()}) {
    list.insert(list.end(), commands.begin(), commands.end());
  }
  std::ranges::sort(list, {}, &Command::path);
  return list;
}

}  // namespace

const CommandTable& command_table() {
  static const auto commands = all_commands();
  static const std::array topics{kAttrTopic, kFleetTopic};
  static const CommandTable table{commands, kGroups, kSynonyms, topics, help_texts()};
  return table;
}

std::span<const FirstWord> first_words() { return kFirstWords; }

}  // namespace cluster::cmd
