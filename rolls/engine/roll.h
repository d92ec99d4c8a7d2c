#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rolls/engine/host_family.h"

namespace cluster::rolls {

/// A setting that a site may change; in scripts a shell variable of the same name.
struct RollAttribute {
  std::string name;  ///< starts with the roll's name and '_': "gpupt_bind"
  std::string value;
  std::string help;                      ///< one line
  std::vector<std::string> values = {};  ///< what a site may choose from; empty: any line

  /// Throws Error(usage) when `text` is no value for it.
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

/// Something that has to be so on a host. `check` and `run` are lines of POSIX sh.
struct HostStep {
  std::string name;   ///< what is so when it is done: "the kernel starts with the IOMMU on"
  std::string why;    ///< one line or more
  std::string check;  ///< true when it is so already
  std::string run;    ///< makes it so; stops at the first command that fails; "": nothing can
  const HostFamily* family = nullptr;  ///< null: on all hosts
  bool reboot = false;                 ///< what `run` changes counts from the next boot on
};

/// A command that shows that the whole worked; it is run last, when no reboot is pending.
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

/// What the hosts of one appliance get. Each member but the first is a kind in step_kind.h.
struct HostPart {
  std::string appliance;
  std::vector<FamilyPackages> packages;
  std::vector<HostFile> files;
  std::vector<HostStep> steps;
  std::vector<std::string> units;  ///< of systemd, to be enabled: "gpupci-restore.service"
  std::vector<HostCheck> checks;
};

/// Where in the document of a VM a fragment goes.
enum class VmPlace {
  domain,    ///< as a child of <domain>
  devices,   ///< of <devices>
  features,  ///< of <features>
};

/// XML that the configuration of a VM gets; virt::Fragment says how it is merged.
struct VmFragment {
  std::string when;  ///< an attribute of the roll; counts for a VM where it is neither "" nor "no"
  VmPlace place = VmPlace::domain;
  std::string from;  ///< in the roll, "vm/tpm.xml"
  std::string text;  ///< all of it, as it was when the roll was read
};

/// A command of the roll's own: `cluster PATH WORD...`.
struct RollCommand {
  std::string path;  ///< "report gds"
  std::string run;   ///< executable in the roll
  std::string summary;
};

/// Another roll that has to be enabled too.
struct Requirement {
  std::string name;
  std::string where;  ///< "gpupt/roll.yaml:4:11", for messages
};

/// What a folder with a `roll.yaml` says. docs/rolls.md is the reference.
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

  /// What hosts of that appliance get; null when they get nothing.
  const HostPart* part_for(std::string_view appliance) const;
};

/// The names that every roll may use beside its attributes: what the inventory says of the host.
///   host       "vm-container-0-15"; "" when a script is written for no host in particular
///   appliance  "vm-container"
///   cards      addresses of its cards' first functions, "0000:02:00.0 0000:03:00.0"
///   functions  addresses of all their functions
///   models     vendor and device of each, "10de:1cb1,10de:0fb9"
inline constexpr std::string_view kFacts[] = {"host", "appliance", "cards", "functions", "models"};

/// Reads and checks the roll in `folder` as a whole: roll.yaml and every file that it names, and
/// that the folder holds plain files and folders alone. `shown` stands for the folder in messages.
/// Throws Error(usage) with file, line and column.
Roll read_roll(const std::filesystem::path& folder, const std::string& shown);

/// What the attributes of the roll `name` start with: "gpupt_" of "gpupt", "a_b_" of "a-b".
std::string attribute_prefix(std::string name);

/// Whether `text` can be a roll's name, or a version.
bool is_roll_name(std::string_view text);
bool is_roll_version(std::string_view text);

/// Throws Error(usage) when a roll requires itself through others. `rolls` are all that are known,
/// one a name; a requirement that is none of them is no cycle.
void refuse_cycles(const std::vector<Roll>& rolls);

/// `roll` and what it requires out of `known`, each after what it requires itself. Throws
/// Error(refused) when one is not there.
std::vector<const Roll*> with_required(const Roll& roll, const std::vector<Roll>& known);

}  // namespace cluster::rolls
