#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cluster::rolls {

/// A family of distributions that a roll tells apart: Debian with Ubuntu, RHEL with its rebuilds.
///
/// To add one, SUSE for example:
///   1. families/suse.sh, a copy of families/debian.sh. It says which words of os-release(5) tell
///      the family, how packages are looked for and installed, and how the initramfs is made anew.
///   2. a row in host_family.cc, and the file's name in ../CMakeLists.txt.
///   3. a line in docs/rolls.md and an example in new_roll.cc; tests want them there.
///   4. the repository of the packages of rolls: package_tree.cc makes it, package_signature.cc
///      signs it.
///   5. gpupci's own advice about the kernel's line: node-agent/actions/print_cmdline.cc, and its
///      words in table.cc there.
/// Then roll.yaml takes `suse` as a key of `packages` and as a `family`. Each roll in ../ also
/// needs the names of the packages there, and its own steps for that family. `grep -n family
/// ../*/roll.yaml` lists them: gpupt writes the kernel's line with update-grub on one family, and
/// with grubby on another.
struct HostFamily {
  std::string_view word;   ///< in roll.yaml, in scripts and as a file's name: "debian"
  std::string_view title;  ///< in the message for a host of no family: "Debian"
  std::string_view shell;  ///< the lines of families/WORD.sh that scripts get
};

/// All families, in the order in which scripts name them.
std::span<const HostFamily> host_families();

/// The family with that word; null when there is none.
const HostFamily* find_host_family(std::string_view word);

/// The words of all families: "debian or rhel".
std::string host_family_words();

/// Lines of sh that find out the family of a host, and define the functions that differ between
/// families. prelude.sh has to stand before them.
std::string host_family_shell();

}  // namespace cluster::rolls
