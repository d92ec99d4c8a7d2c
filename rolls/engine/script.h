#pragma once

#include <string>
#include <vector>

#include "rolls/engine/roll.h"
#include "rolls/engine/template.h"

namespace cluster::rolls {

/// The input for a shell script that gives one host its part of a roll.
struct ScriptSpec {
  /// The rolls in the order in which they are done. The last one is the roll that was asked for.
  std::vector<const Roll*> rolls;
  std::string appliance;
  TemplateValues values;  ///< the values of kFacts and of every attribute of `rolls`
  std::string command;    ///< the operator's command, for the head of the script
};

/// The script: POSIX sh that passes ShellCheck. The same value gives the same bytes. The script
/// says what it does, and does what is not done yet. It checks that this worked, says when a reboot
/// is needed, and can be run again. With `--dry-run` it only says what it would do. Throws
/// Error(usage) when a value has a control character, Error(refused) when none of `rolls` has
/// anything for the appliance.
std::string script(const ScriptSpec& spec);

}  // namespace cluster::rolls
