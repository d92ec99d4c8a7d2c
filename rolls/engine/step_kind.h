#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rolls/engine/document.h"
#include "rolls/engine/roll.h"
#include "rolls/engine/roll_files.h"
#include "rolls/engine/template.h"

namespace cluster::rolls {

/// The things besides its own lines of roll.yaml that a kind may look at while it reads.
struct RollReading {
  const RollFiles& files;
  const std::vector<std::string>& names;  ///< allowed in a template: facts and attributes
};

/// One line of the list at the head of a script.
struct PlannedItem {
  std::string what;
  const HostFamily* family = nullptr;  ///< null: on all hosts
};

/// The lines of sh that a kind writes for one roll.
struct ScriptLines {
  const Roll& roll;
  const TemplateValues& values;
  int& number;            ///< that of the kind's last function; counts over all rolls
  std::string functions;  ///< lines that have to stand before `text`
  std::string text;
};

/// One kind of things that hosts can get: a key below the appliance in roll.yaml.
///
/// To add one, `kernel_args` for example:
///   1. a member of HostPart (roll.h) that holds what roll.yaml says.
///   2. kinds/kernel_args.cc: the code that reads it, names it in the head of the script, and
///      writes the sh that does it and the sh that takes it back. kinds/units.cc is the shortest
///      one to copy. If that sh calls a function, like `unit` and `undo_unit` there, put the
///      function into prelude.sh or undo.sh. Put what differs between distributions into families/.
///   3. the file's name in both lists of ../CMakeLists.txt.
///   4. its line below, and its row in step_kind.cc at the place where it is to be done.
///   5. its lines in the roll.yaml of docs/rolls.md and an example in new_roll.cc; tests want them
///      there. packaging/man/roll.yaml.5 has them, too.
struct StepKind {
  std::string_view key;   ///< in roll.yaml: "files"
  std::string_view item;  ///< one of them, in messages and in the head of a script: "file"
  bool last;              ///< done after all else of all rolls, and not while a reboot is due

  /// Reads the value of `key` into `part`. Throws Error(usage) with the place in roll.yaml.
  void (*read)(const Item& value, const RollReading& reading, HostPart& part);
  /// Returns the items that the head of the script lists.
  std::vector<PlannedItem> (*plan)(const HostPart& part);
  /// Adds the kind's lines of sh; adds none when the part has nothing of the kind.
  void (*write)(const HostPart& part, ScriptLines& lines);
  /// Adds the lines that take back what those did, the last item first; null when they did nothing.
  void (*undo)(const HostPart& part, ScriptLines& lines);
};

/// All kinds, in the order in which a script does them.
std::span<const StepKind> step_kinds();

/// The `family` of an item: null when it has none. Throws Error(usage) when the word is no family.
const HostFamily* family_of(const Fields& fields);

/// True if a host may be of both families, null being any.
bool share_hosts(const HostFamily* one, const HostFamily* other);

/// Lines of sh, which `part` notes, too. Throws as Item::lines() does.
std::string shell_lines(const Item& item, const std::string& what, HostPart& part);

// Each of these has its own file in kinds/.
extern const StepKind kPackages;
extern const StepKind kFiles;
extern const StepKind kSteps;
extern const StepKind kUnits;
extern const StepKind kChecks;

}  // namespace cluster::rolls
