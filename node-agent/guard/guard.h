#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/guard/reason.h"
#include "node-agent/guard/subject.h"

namespace cluster::agent {

/// A guard is a reason to keep a card where it is. Each guard is a file of this folder and a line
/// of the table in guards.cc; its name stands nowhere else.
struct Guard {
  std::string_view name;  ///< "holder", as --force takes it
  std::string_view help;  ///< the guard refuses when ...; Markdown, for docs/gpupci.md

  /// Finds the reasons to keep the card. Without a reason the card may go. refusals() puts the name
  /// of the guard into each reason. Throws Error when it cannot look.
  Reasons (*probe)(const Subject& subject);

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
