#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rolls/engine/host_family.h"

namespace cluster::rolls {

/// A setting that a site may change. In scripts it is a shell variable of the same name.
struct RollAttribute {
  std::string name;  ///< starts with the roll's name and '_': "gpupt_bind"
  std::string value;
  std::string help;                      ///< one line
  std::vector<std::string> values = {};  ///< the values that a site may choose; empty: any line

  /// Throws Error(usage) when `text` is not a valid value for it.
  void check(const std::string& text) const;
};

/// A text file that hosts get, with `{{ name }}` replaced.
struct HostFile {
  std::string from;  ///< in the roll, "files/gpupci.yaml"
  std::string text;  ///< all of it, as it was when the roll was read
  std::string to;    ///< on the host, absolute
  std::string mode = "0644";
  std::string owner = "root:root";
  const HostFamily* family = nullptr;  ///< null: on all hosts
};

/// A fact that has to be true on a host. `check` and `run` are lines of POSIX sh.
struct HostStep {
  std::string name;   ///< what is true when it is done: "the kernel starts with the IOMMU on"
  std::string why;    ///< one line or more
  std::string check;  ///< succeeds when it is true already
  std::string run;    ///< makes it true; stops at the first command that fails; "": nothing can
  const HostFamily* family = nullptr;  ///< null: on all hosts
  bool reboot = false;                 ///< the change that `run` makes counts from the next boot on
  std::string undo = {};               ///< takes back what `run` did beside files that it kept
  std::string stays = {};              ///< why nothing takes that back; "" when `undo` does
};

/// A command that shows that everything worked. It is run last, when no reboot is pending.
struct HostCheck {
  std::string name;
  std::string run;
  const HostFamily* family = nullptr;  ///< null: on all hosts
};

/// The packages that hosts of one family get.
struct FamilyPackages {
  const HostFamily* family;
  std::vector<std::string> names;  ///< one at least
};

/// Lines of sh in roll.yaml, for whoever looks whether sh can read them.
struct ShellLines {
  std::string where;  ///< "gpupt/roll.yaml:4:11", for messages
  std::string what;   ///< the key: "run"
  std::string text;
};

/// The things that the hosts of one appliance get. Each member but the first two and the last four
/// is a kind in step_kind.h.
struct HostPart {
  std::string appliance;
  bool agent = false;  ///< `run roll apply=yes` puts gpupci on the host first
  std::vector<FamilyPackages> packages;
  std::vector<HostFile> files;
  std::vector<HostStep> steps;
  std::vector<std::string> units;  ///< systemd units to enable: "gpupci-restore.service"
  std::vector<HostCheck> checks;
  bool needs_host = false;             ///< a script for no host in particular does nothing
  std::string functions = {};          ///< of sh, which its steps and checks call
  std::vector<ShellLines> shell = {};  ///< these, and all that its steps and checks have
  std::string where = {};              ///< of its appliance: "gpupt/roll.yaml:10:3"
};

/// The place of a fragment in the document of a VM.
enum class VmPlace {
  domain,    ///< as a child of <domain>
  devices,   ///< as a child of <devices>
  features,  ///< as a child of <features>
};

/// XML that is added to the configuration of a VM; virt::Fragment says how it is merged.
struct VmFragment {
  std::string when;  ///< an attribute of the roll; counts for a VM where it is neither "" nor "no"
  VmPlace place = VmPlace::domain;
  std::string from;  ///< in the roll, "vm/tpm.xml"
  std::string text;  ///< all of it, as it was when the roll was read
};

/// A command that the roll adds: `cluster PATH WORD...`.
struct RollCommand {
  std::string path;  ///< "report gds"
  std::string run;   ///< executable in the roll
  std::string summary;
};

/// Another roll that has to be enabled, too.
struct Requirement {
  std::string name;
  std::string where;  ///< "gpupt/roll.yaml:4:11", for messages
};

/// The content of a folder with a `roll.yaml`. docs/rolls.md is the reference.
struct Roll {
  std::filesystem::path folder;
  std::string name;     ///< lower case letters, digits, '-'
  std::string version;  ///< "1.0.0"
  std::string summary;
  std::string arch = "any";  ///< as `uname -m` says it
  std::vector<Requirement> requires_rolls;
  std::vector<RollAttribute> attributes;
  std::vector<HostPart> hosts;
  std::vector<VmFragment> vm;
  std::vector<RollCommand> commands;

  /// "gpupt-1.0.0"
  std::string full_name() const { return name + "-" + version; }

  /// The things that hosts of that appliance get; null when they get nothing.
  const HostPart* part_for(std::string_view appliance) const;
};

/// The names that every roll may use beside its attributes. They are the inventory's facts of the
/// host.
///   host       "vm-container-0-15"; "" when a script is written for no host in particular
///   appliance  "vm-container"
///   cards      addresses of its cards' first functions, "0000:02:00.0 0000:03:00.0"; without the
///              cards that are to stay with it
///   functions  addresses of all their functions
///   models     vendor and device of each, "10de:1cb1,10de:0fb9"
///   distro_key the public key of `create distro`, armored, with '|' in the place of line ends
inline constexpr std::string_view kFacts[] = {"host",      "appliance", "cards",
                                              "functions", "models",    "distro_key"};

/// Reads and checks the roll in `folder` as a whole. It reads roll.yaml and every file that it
/// names, and checks that the folder holds only plain files and folders. `shown` stands for the
/// folder in messages. Throws Error(usage) with file, line and column.
Roll read_roll(const std::filesystem::path& folder, const std::string& shown);

/// The prefix of the attributes of the roll `name`: "gpupt_" of "gpupt", "a_b_" of "a-b".
std::string attribute_prefix(std::string name);

/// True if `text` can be a roll's name, or a version.
bool is_roll_name(std::string_view text);
bool is_roll_version(std::string_view text);

/// Throws Error(usage) when a roll requires itself through others. `rolls` are all known rolls, one
/// for each name. A requirement that is none of them makes no cycle.
void refuse_cycles(const std::vector<Roll>& rolls);

/// `roll` and the rolls in `known` that it requires; each comes after those that it requires
/// itself. Throws Error(refused) when one is not there.
std::vector<const Roll*> with_required(const Roll& roll, const std::vector<Roll>& known);

}  // namespace cluster::rolls
