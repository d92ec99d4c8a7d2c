#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cluster::agent {

/// True if the kernel writes its console over the network: /proc/consoles has "netcon0" or
/// "netcon_ext0" (drivers/net/netconsole.c).
bool net_log_is_on(const std::filesystem::path& proc);

/// The interfaces of `netconsole=` on the kernel's command line, by their names or, since Linux
/// 6.15, their MAC addresses (Documentation/networking/netconsole.rst).
std::vector<std::string> net_log_devices(const std::filesystem::path& proc);

}  // namespace cluster::agent
