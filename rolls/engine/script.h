#pragma once

#include <string>
#include <vector>

#include "rolls/engine/roll.h"
#include "rolls/engine/template.h"

namespace cluster::rolls {

/// The input for a shell script that gives one host its part of a roll, or takes it back.
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

/// The script that takes back what the last one of `rolls` did on a host, as far as the roll noted
/// it there (prelude.sh). It does nothing while one of `dependents`, names of rolls that require
/// this one, is there, too. `--remove-packages` removes also the packages that the roll installed.
/// Throws as script() does.
std::string undo_script(const ScriptSpec& spec, const std::vector<std::string>& dependents);

}  // namespace cluster::rolls
