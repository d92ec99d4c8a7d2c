#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// The verdict of a check, from good to bad. A check that could not be made never passes.
enum class Verdict { pass, warn, unknown, fail };

/// "PASS", "WARN", "UNKNOWN", "FAIL".
std::string_view word(Verdict verdict);

/// The exit status of the worst verdict: 0 pass, 1 warn, 3 unknown, 2 fail.
int exit_status(Verdict worst);

/// The answer of one check. Unless it passed, the reason says what can be done.
struct CheckAnswer {
  Verdict verdict = Verdict::pass;
  Reason reason;
  std::vector<std::string> vms{};  ///< the domains of libvirt that are all of the reasons
};

CheckAnswer passed(std::string what);
CheckAnswer warned(std::string what, std::string fix);
CheckAnswer unknown(std::string what, std::string fix);
CheckAnswer failed(std::string what, std::string fix);

/// The answer "unknown", because only root could have seen it.
CheckAnswer unknown_to_others(std::string what);

/// Turns the reasons that guards found into an answer. The check failed, or is unknown where only
/// root would have seen it. Without reasons it passed.
CheckAnswer answer(const Reasons& reasons, std::string passed);

/// The host as checks see it: as guards do, and what only a check of the host asks for.
struct CheckInput : GuardInput {
  /// The version of libvirt, 9000000 for 9.0.0; nothing where it is not there. Empty where nobody
  /// should be asked. A call may throw Error.
  std::function<std::optional<unsigned long>()> libvirt_version;

  /// True when root asks: then "run gpupci as root" mends nothing.
  bool as_root;
};

/// A check of the host: a line of the table in check_host.cc.
struct HostCheck {
  std::string_view id;     ///< "H2"; stable
  std::string_view title;  ///< the subject of the check; Markdown, for docs/gpupci.md
  CheckAnswer (*probe)(const CheckInput& input);
};

/// A check of a card: a line of the table in its file, check_*.cc.
struct CardCheck {
  std::string_view id;     ///< "D14"; stable
  std::string_view title;  ///< the subject of the check; Markdown, for docs/gpupci.md
  CheckAnswer (*probe)(const Subject& subject);

  /// The guards that find the harm this check fails on. A detach of the card would then do harm, so
  /// -d refuses it. Where there is no guard, a FAIL says that VMs will not work with the card, or
  /// that the card has changed; a detach itself does no harm.
  std::array<const Guard*, 2> refused_by{};

  /// True when only a card that answers on the bus can tell. It is unknown of any other (D1).
  bool asks_card = false;
};

/// Every check of the host, in the order of --check.
std::span<const HostCheck> host_checks();

/// Every check of a card, in the order of --check: first its place and its state, then its users.
std::vector<CardCheck> card_checks();

// The tables that card_checks() joins; each is in a file of its own.
std::span<const CardCheck> bus_checks();
std::span<const CardCheck> group_checks();
std::span<const CardCheck> hardware_checks();
std::span<const CardCheck> identity_checks();
std::span<const CardCheck> use_checks();

/// The checks of a card's slices. They are made only when concerns_slices() is true.
std::span<const CardCheck> slice_checks();

/// True when the slices of the card need a check: the card has SR-IOV or makes vGPUs, or it should
/// have some. Throws Error when the record of slices cannot be read.
bool concerns_slices(const Subject& subject);

/// One answer, ready to be printed.
struct CheckResult {
  std::string_view id;              ///< "H2", "D14"
  std::optional<std::string> card;  ///< nothing for a check of the host
  CheckAnswer answer;
};

class KnownTroubles;

/// Makes every check of the host and, for each of `cards`, every check of a card, which also says
/// what is known of such cards. A check that throws is unknown.
std::vector<CheckResult> run_checks(const std::vector<Card>& cards, const CheckInput& input,
                                    const KnownTroubles& known);

/// The worst verdict of the results.
Verdict worst(const std::vector<CheckResult>& results);

/// ID   CARD     RESULT   REASON
/// H2   -        FAIL     the IOMMU is off; turn on VT-d ...
std::string checks_table(const std::vector<CheckResult>& results);

/// {"checks": [{"id": "D9", "card": "gpupci1", "result": "FAIL", "reason": "...", "fix": "..."}]}
/// card and fix are null where there is none. "vms" is there, too, where VMs are all that is in the
/// way, with their names in libvirt.
std::string checks_json(const std::vector<CheckResult>& results);

/// The lines of the table of checks in docs/gpupci.md.
std::string checks_markdown();

/// True when the firmware used this function as its display (`boot_vga`). False when it did not, or
/// the function is no VGA controller. Nothing when the kernel does not tell.
std::optional<bool> is_first_display(const Sysfs& sysfs, const PciFunction& function);

/// The answer when only root can read the part of the configuration space that would tell `what`:
/// "whether it has a PCIe link".
CheckAnswer cannot_tell(std::string_view what, const PciAddress& pci);

/// The answer when sysfs lacks an attribute that the kernel has for each function.
CheckAnswer does_not_show(std::string_view attribute, const PciAddress& pci);

}  // namespace cluster::agent
