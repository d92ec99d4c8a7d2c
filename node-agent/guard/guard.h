#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/guard/subject.h"
#include "node-agent/reason.h"

namespace cluster::agent {

/// The effect of a guard's reasons on the settings that give cards to vfio-pci at a boot, when no
/// guard is asked.
enum class AtBoot {
  nothing,   ///< the guard is not asked
  told,      ///< the host would lose something, and the settings say so
  left_out,  ///< the host would not come up as it should, so the card is not in the settings
};

/// A guard is a reason to keep a card where it is. Each guard is a file of this folder, with its
/// name, and a line of the table in guards.cc. An action that asks only some guards chooses them by
/// what they say of themselves here. Whoever has to do with one guard alone names its constant
/// (guards.h), as a check does that fails on the same harm.
struct Guard {
  std::string_view name;  ///< "holder", as --force takes it
  std::string_view help;  ///< the guard refuses when ...; Markdown, for docs/gpupci.md

  /// Finds the reasons to keep the card. Without a reason the card may go. refusals() puts the name
  /// of the guard into each reason. Throws Error when it cannot look.
  Reasons (*probe)(const Subject& subject);

  // The next three have no default: a new guard that does not answer them does not compile.

  /// True when its reasons also say that the host needs a device which is no card. So it is asked
  /// whether the host could spare a neighbour in an IOMMU group.
  bool of_neighbours;

  AtBoot at_boot;

  /// True when a VM could not have the card, and the host would lose nothing. So it is not asked
  /// where nothing goes to a VM.
  bool for_vms_alone;

  std::string_view not_forced{};  ///< the reason why --force may not override it; empty if it may
  bool on_attach = false;         ///< asked when a card is given back, too

  /// True when its answer may change at any moment. Such a guard is asked after the others, and
  /// again while all the reasons that were found are passing.
  bool of_programs = false;

  /// True when it is asked again before each further function of a card, while the card lets go of
  /// the others. So are the guards that look at programs.
  bool again = false;
};

/// Every guard, in the order in which they speak.
std::span<const Guard* const> guards();

/// The names of guards that an operator overrides (--force=holder,console).
using Forced = std::set<std::string, std::less<>>;

/// The reasons not to take the card from the host now; nothing when it may be taken. The guards in
/// `forced` are not asked. We wait for programs that may have the card only for a moment, but only
/// when no other guard refuses. Throws Error(io) when sysfs or /proc cannot be read.
Reasons refusals(const Card& card, const std::vector<Card>& same_call, const GuardInput& input,
                 const Forced& forced = {});

/// The reasons not to go on with a card of which some functions are detached already: `rest` has
/// the functions that are not. Only the guards are asked whose answer may have changed since
/// refusals(), and libvirt is not. Throws Error(io) as refusals() does.
Reasons changed_refusals(const Card& rest, const std::vector<Card>& same_call,
                         const GuardInput& input, const Forced& forced = {});

/// The reasons not to give the card back now. We wait for what passes, as refusals() does.
Reasons attach_refusals(const Card& card, const GuardInput& input);

/// The names of the guards that --force may override, in the order of the table.
std::vector<std::string> forcible_guards();

/// Reads "holder,console" into `forced`. Throws Error(usage) when one of the names cannot be
/// overridden; the message has the names that can.
void add_forced(std::string_view list, Forced& forced);

/// The lines of the table of guards in docs/gpupci.md.
std::string guards_markdown();

}  // namespace cluster::agent
