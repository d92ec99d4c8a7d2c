#pragma once

#include <map>

#include "db/attribute.h"
#include "db/inventory.h"

// What the commands about attributes have in common: attr.cc changes them, attr_list.cc shows them,
// run_roll.cc puts them into scripts.
namespace cluster::cmd {

/// Whose attributes a command is about.
enum class Noun { global, appliance, host };

/// "attr", "appliance attr", "host attr"
constexpr const char* name_of(Noun noun) {
  return noun == Noun::host ? "host attr" : noun == Noun::appliance ? "appliance attr" : "attr";
}

/// By VM, the container that its attributes come from.
std::map<HostName, HostName> containers_of(Inventory& inventory, const std::vector<Host>& hosts);

/// Where the attributes that count for `host` are.
AttributeScope scope_of(const Host& host, const std::map<HostName, HostName>& containers);

}  // namespace cluster::cmd
