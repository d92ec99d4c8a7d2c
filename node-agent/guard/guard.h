#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/guard/guard_input.h"

namespace cluster::agent {

/// The names of guards that an operator overrides (--force=holder,console).
using Forced = std::set<std::string, std::less<>>;

/// The culprits that a guard found, each in one line that names it and the way out.
using Culprits = std::vector<std::string>;

/// One reason to leave a card where it is.
struct Refusal {
  std::string_view guard;  ///< "holder"
  std::string why;         ///< "process 812 (Xorg) has /dev/dri/card0 open; stop it (kill 812)"
};

/// Why `card` must not be taken from the host now; nothing when it may be. `same_call` are the
/// cards that the same call detaches, `card` among them. The guards, by the order in which they
/// speak:
///   vm           a running VM has the card or a slice of it, by an open handle of vfio or by what
///                libvirt says: an unbind would wait for its end; cannot be overridden
///   iommu        a function is in no IOMMU group
///   group        somebody else in such a group is not of these cards, no PCI bridge, and has a
///                host driver: the kernel calls the group not viable and no VM starts with the card
///   slices       virtual functions or mediated devices are made from it
///   disk         a disk of it is mounted, swapped to, or below device mapper or md
///   network      a network card of it has the default route or is below a bridge or bond
///   console      it shows the host's console
///   framebuffer  the framebuffer of the firmware is in its memory
///   holder       a process has one of its device nodes open or mapped: the unbind could hang. One
///                that has just begun, or is of udev, is waited for
/// Those in `forced` are not asked. Throws Error(io) when sysfs or /proc cannot be read.
std::vector<Refusal> refusals(const Card& card, const std::vector<Card>& same_call,
                              const GuardInput& input, const Forced& forced = {});

/// Why `card` must not be given back now: a VM has it.
std::vector<Refusal> attach_refusals(const Card& card, const GuardInput& input);

/// "holder: process 812 ...; console: ...", one line.
std::string one_line(const std::vector<Refusal>& refusals);

/// Who refuses, each once, in the order in which they speak.
std::vector<std::string_view> guards(const std::vector<Refusal>& refusals);

/// Reads "holder,console" into `forced`. Throws Error(usage), with the names of those that can be
/// overridden, when one is not of them.
void add_forced(std::string_view list, Forced& forced);

/// What the iommu guard alone finds.
Culprits iommu_culprits(const Card& card);

/// What the group guard alone finds.
Culprits group_culprits(const Card& card, const std::vector<Card>& same_call,
                        const GuardInput& input);

}  // namespace cluster::agent
