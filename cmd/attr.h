#pragma once

// What attr.cc, which changes attributes, and attr_list.cc, which shows them, have in common.
namespace cluster::cmd {

/// Whose attributes a command is about.
enum class Noun { global, appliance, host };

/// "attr", "appliance attr", "host attr"
constexpr const char* name_of(Noun noun) {
  return noun == Noun::host ? "host attr" : noun == Noun::appliance ? "appliance attr" : "attr";
}

}  // namespace cluster::cmd
