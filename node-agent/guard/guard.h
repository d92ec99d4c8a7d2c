#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/guard/reason.h"
#include "node-agent/guard/subject.h"

namespace cluster::agent {

/// Something that keeps a card where it is. Each guard is a file of this folder and a line of the
/// table in guards.cc; its name stands nowhere else.
struct Guard {
  std::string_view name;  ///< "holder", as --force takes it
  std::string_view help;  ///< the guard refuses when ...; Markdown, for docs/gpupci.md

  /// Finds the reasons to keep the card; without one the card may go. refusals() puts the name of
  /// the guard into each reason. Throws Error when it cannot look.
  Reasons (*probe)(const Subject& subject);

  std::string_view not_forced{};  ///< why --force may not override it; empty where it may
  bool on_attach = false;         ///< asked when a card is given back, too

  /// True when its answer may change at any moment: it is asked after the others, and again while
  /// all that was found is passing.
  bool of_programs = false;
};

/// Every guard, in the order in which they speak.
std::span<const Guard* const> guards();

/// The names of guards that an operator overrides (--force=holder,console).
using Forced = std::set<std::string, std::less<>>;

/// Why the card must not be taken from the host now; nothing when it may be. Those in `forced` are
/// not asked. Programs that may have the card for a moment only are waited for where nobody else
/// refuses. Throws Error(io) when sysfs or /proc cannot be read.
Reasons refusals(const Card& card, const std::vector<Card>& same_call, const GuardInput& input,
                 const Forced& forced = {});

/// Why the card must not be given back now.
Reasons attach_refusals(const Card& card, const GuardInput& input);

/// The names of the guards that --force may override, in the order of the table.
std::vector<std::string> forcible_guards();

/// Reads "holder,console" into `forced`. Throws Error(usage), with the names of those that can be
/// overridden, when one is not of them.
void add_forced(std::string_view list, Forced& forced);

/// The lines of the table of guards in docs/gpupci.md.
std::string guards_markdown();

}  // namespace cluster::agent
