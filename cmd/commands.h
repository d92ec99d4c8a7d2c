#pragma once

#include <span>
#include <string_view>

#include "cmd/line/command.h"

// The commands of each noun, defined in the noun's own file, and the groups that they belong to.
namespace cluster::cmd {

// The purposes of commands: `cluster help` shows the commands under these headings.
inline constexpr std::string_view kSeeCards = "See cards";
inline constexpr std::string_view kGiveCards = "Give cards to VMs";
inline constexpr std::string_view kRunVms = "Run VMs";
inline constexpr std::string_view kPrepareHosts = "Prepare hosts";
inline constexpr std::string_view kKeepInventory = "Look after the inventory";
inline constexpr std::string_view kGetHelp = "Get help";

// Each is called once, at the start. `cold` lays them side by side, so that a command does not
// bring a page of each noun into memory.
[[gnu::cold]] std::span<const Command> add_roll_commands();
[[gnu::cold]] std::span<const Command> attr_commands();
[[gnu::cold]] std::span<const Command> attr_list_commands();
[[gnu::cold]] std::span<const Command> change_commands();
[[gnu::cold]] std::span<const Command> check_host_gpu_commands();
[[gnu::cold]] std::span<const Command> check_host_vm_commands();
[[gnu::cold]] std::span<const Command> config_commands();
[[gnu::cold]] std::span<const Command> copy_database_commands();
[[gnu::cold]] std::span<const Command> copy_host_commands();
[[gnu::cold]] std::span<const Command> database_commands();
[[gnu::cold]] std::span<const Command> detach_host_gpu_commands();
[[gnu::cold]] std::span<const Command> discover_host_gpu_commands();
[[gnu::cold]] std::span<const Command> discover_host_vm_commands();
[[gnu::cold]] std::span<const Command> distro_commands();
[[gnu::cold]] std::span<const Command> dump_commands();
[[gnu::cold]] std::span<const Command> expand_host_commands();
[[gnu::cold]] std::span<const Command> help_commands();
[[gnu::cold]] std::span<const Command> host_commands();
[[gnu::cold]] std::span<const Command> host_gpu_commands();
[[gnu::cold]] std::span<const Command> host_interface_commands();
[[gnu::cold]] std::span<const Command> host_agent_commands();
[[gnu::cold]] std::span<const Command> host_key_commands();
[[gnu::cold]] std::span<const Command> appliance_commands();
[[gnu::cold]] std::span<const Command> network_commands();
[[gnu::cold]] std::span<const Command> report_network_commands();
[[gnu::cold]] std::span<const Command> host_power_commands();
[[gnu::cold]] std::span<const Command> host_vm_commands();
[[gnu::cold]] std::span<const Command> host_vm_list_commands();
[[gnu::cold]] std::span<const Command> load_commands();
[[gnu::cold]] std::span<const Command> open_host_console_commands();
[[gnu::cold]] std::span<const Command> pause_host_vm_commands();
[[gnu::cold]] std::span<const Command> report_fleet_commands();
[[gnu::cold]] std::span<const Command> report_host_commands();
[[gnu::cold]] std::span<const Command> report_host_gpu_commands();
[[gnu::cold]] std::span<const Command> roll_attr_commands();
[[gnu::cold]] std::span<const Command> roll_commands();
[[gnu::cold]] std::span<const Command> run_host_commands();
[[gnu::cold]] std::span<const Command> run_roll_commands();
[[gnu::cold]] std::span<const Command> setup_commands();
[[gnu::cold]] std::span<const Command> start_host_vm_commands();
[[gnu::cold]] std::span<const Command> sync_host_gpu_commands();
[[gnu::cold]] std::span<const Command> vm_config_commands();

/// The attributes that say how VMs are made: `cluster help attr`.
extern const Topic kAttrTopic;

/// The formats of the whole fleet: `cluster help fleet`.
extern const Topic kFleetTopic;

}  // namespace cluster::cmd
