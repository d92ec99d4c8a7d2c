#pragma once

#include <string>
#include <vector>

#include "rolls/engine/roll.h"
#include "rolls/engine/template.h"

namespace cluster::rolls {

/// A shell script that gives one host what a roll has for it.
struct ScriptSpec {
  /// In the order in which they are done; the last one is the roll that was asked for.
  std::vector<const Roll*> rolls;
  std::string appliance;
  Values values;        ///< of kFacts and of every attribute of `rolls`
  std::string command;  ///< what the operator typed, for the head of the script
};

/// The script: POSIX sh that ShellCheck has nothing against, the same bytes for the same value. It
/// says what it does, does what is not so yet, looks whether it worked, says when a reboot is
/// needed, and can be run again. `--dry-run` only tells. Throws Error(usage) when a value has a
/// control character, Error(refused) when none of `rolls` has anything for the appliance.
std::string script(const ScriptSpec& spec);

}  // namespace cluster::rolls
