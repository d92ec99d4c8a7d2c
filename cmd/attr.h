#pragma once

#include <map>
#include <string>
#include <vector>

#include "db/attribute.h"
#include "db/inventory.h"

// The commands about attributes share these functions: attr.cc changes attributes, attr_list.cc
// shows them, run_roll.cc puts them into scripts.
namespace cluster::cmd {

/// The kind of owner whose attributes a command is about.
enum class Noun { global, appliance, host };

/// "attr", "appliance attr", "host attr"
constexpr const char* name_of(Noun noun) {
  return noun == Noun::host ? "host attr" : noun == Noun::appliance ? "appliance attr" : "attr";
}

/// Throws Error(usage) when the name or the value of an attribute is too long for a word of `dump`,
/// or the value is no text.
void check_attribute_size(const std::string& name, const std::string& value);

/// The container of each VM among `hosts`; the attributes of the container count for the VM too.
std::map<HostName, HostName> containers_of(Inventory& inventory, const std::vector<Host>& hosts);

/// The hosts whose attributes count for `hosts`: they themselves, and the containers of VMs.
OnlyHosts owners_of(const std::vector<Host>& hosts, const std::map<HostName, HostName>& containers);

/// The scopes of the attributes that count for `host`.
AttributeScope scope_of(const Host& host, const std::map<HostName, HostName>& containers);

}  // namespace cluster::cmd
