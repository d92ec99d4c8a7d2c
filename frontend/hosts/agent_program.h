#pragma once

#include <string>
#include <string_view>

#include "frontend/hosts/ask.h"

// The program gpupci on hosts: which one they have, and its unit for the boot.
namespace cluster::frontend {

/// What a host says of its gpupci.
struct AgentProgram {
  std::string path;           ///< where it is, else where it would go
  std::string machine;        ///< as `uname -m` says: "x86_64"
  std::string checksum;       ///< SHA-256, 64 digits; "" = there is none
  std::string version;        ///< "1.0.0"; "" = there is none, or it does not run there
  bool is_packaged = false;   ///< dpkg or rpm put it there
  bool has_new_unit = false;  ///< the unit was not there, or was another
};

/// The command that asks for it, words for any login shell. Without `path` it is looked for as the
/// shell does, and /usr/local/bin/gpupci is where it would go.
std::string question_of_program(const std::string& path);

/// The command that writes the unit of the gpupci at `path` into the folder `units`, where that is,
/// unless a package has put the same one into the folder `packaged` and `units` has none; makes the
/// folder of its `settings`, and then asks the same. It does not enable the unit. Root runs it.
std::string unit_of_program(const std::string& path,
                            const std::string& units = "/etc/systemd/system",
                            const std::string& settings = "/etc/gpupci",
                            const std::string& packaged = "/lib/systemd/system");

/// The command that tells whether that would write the unit, and then asks the same. It changes
/// nothing, and anybody runs it.
std::string look_at_unit_of_program(const std::string& path,
                                    const std::string& units = "/etc/systemd/system",
                                    const std::string& packaged = "/lib/systemd/system");

/// The answer to both. Throws Error(unreachable) when the host was not reached, Error(io) with the
/// host's reason when it is no answer.
AgentProgram program_of(const AgentAnswer& answer);

/// The machine that an ELF program is for, as `uname -m` says it; "" when it does not tell.
std::string machine_of(std::string_view program);

}  // namespace cluster::frontend
