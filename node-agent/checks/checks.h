#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// What a check says, from good to bad. A check that could not be made is never passed.
enum class Verdict { pass, warn, unknown, fail };

/// "PASS", "WARN", "UNKNOWN", "FAIL".
std::string_view word(Verdict verdict);

/// The exit status of the worst verdict: 0 pass, 1 warn, 3 unknown, 2 fail.
int exit_status(Verdict worst);

/// The answer of one check, each text one line.
struct Finding {
  Verdict verdict = Verdict::pass;
  std::string reason;
  std::string fix{};  ///< what can be done; empty only where it passed
};

/// What a check of a card looks at.
struct Subject {
  const Card& card;
  const std::vector<Card>& same_call;  ///< all cards that are checked
  const GuardInput& input;
};

/// One answer, ready to be printed.
struct CheckResult {
  std::string_view id;              ///< "H2", "D14"; stable
  std::optional<std::string> card;  ///< nothing for a check of the host
  Finding finding;
};

/// Makes every check of the host and, for each of `cards`, of a card, in the order of the table in
/// checks.cc. A check that throws is unknown. Adding one is a function and a line there.
std::vector<CheckResult> run_checks(const std::vector<Card>& cards, const GuardInput& input);

/// The worst of them.
Verdict worst(const std::vector<CheckResult>& results);

/// ID   CARD     RESULT   REASON
/// H2   -        FAIL     the IOMMU is off; turn on VT-d ...
std::string checks_table(const std::vector<CheckResult>& results);

/// {"checks": [{"id": "D9", "card": "gpupci1", "result": "FAIL", "reason": "...", "fix": "..."}]}
/// card and fix are null where there is none.
std::string checks_json(const std::vector<CheckResult>& results);

/// The list of which kernel module is for which device, of the kernel that runs (modules.alias of
/// depmod(8)).
std::filesystem::path modules_alias(const GuardInput& input);

/// "what is wrong; the way out", as guards and errors say it, in two.
std::pair<std::string, std::string> halves(std::string_view sentence);

/// Whether the firmware started with this function (`boot_vga`): false of what is no VGA
/// controller, nothing when the kernel does not tell.
std::optional<bool> is_first_display(const Sysfs& sysfs, const PciFunction& function);

/// The answer where sysfs has no attribute of a function that the kernel shows of each.
Finding does_not_show(std::string_view attribute, const PciAddress& pci);

// The checks of the host: check_host.cc.
Finding has_kvm(const GuardInput& input);
Finding has_iommu(const GuardInput& input);
Finding isolates(const GuardInput& input);
Finding remaps_interrupts(const GuardInput& input);
Finding has_vfio(const GuardInput& input);
Finding lists_modules(const GuardInput& input);
Finding is_not_wedged(const GuardInput& input);

// Whether it is the card that got its name: check_identity.cc.
Finding is_the_named_one(const Subject& subject);

// The checks of what the host does with a card: check_use.cc.
Finding has_group(const Subject& subject);
Finding reserves_nothing(const Subject& subject);
Finding has_all_functions(const Subject& subject);
Finding group_is_ours(const Subject& subject);
Finding group_is_detached(const Subject& subject);
Finding is_not_precious(const Subject& subject);
Finding is_not_console(const Subject& subject);
Finding has_no_framebuffer(const Subject& subject);
Finding is_not_held(const Subject& subject);
Finding has_no_vm(const Subject& subject);
Finding has_no_kernel_user(const Subject& subject);
Finding driver_lets_go(const Subject& subject);
Finding override_is_clear(const Subject& subject);
Finding driver_is_best(const Subject& subject);
Finding is_not_sliced(const Subject& subject);

/// Whether those of its slices have anything to look at: it has SR-IOV or makes vGPUs, or it is to.
bool concerns_slices(const Subject& subject);

// The checks of its slices: check_slices.cc.
Finding offers_vgpus(const Subject& subject);
Finding has_its_vfs(const Subject& subject);
Finding vfs_keep_their_driver(const Subject& subject);
Finding vgpus_last(const Subject& subject);

// The checks of its hardware: check_hardware.cc.
Finding is_alive(const Subject& subject);
Finding has_reset(const Subject& subject);
Finding stays_powered(const Subject& subject);
Finding has_full_link(const Subject& subject);
Finding has_no_errors(const Subject& subject);
Finding has_addresses(const Subject& subject);
Finding bar_size(const Subject& subject);
Finding has_rom(const Subject& subject);
Finding has_numa_node(const Subject& subject);

}  // namespace cluster::agent
