#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// What a check says, from good to bad. A check that could not be made is never passed.
enum class Verdict { pass, warn, unknown, fail };

/// "PASS", "WARN", "UNKNOWN", "FAIL".
std::string_view word(Verdict verdict);

/// The exit status of the worst verdict: 0 pass, 1 warn, 3 unknown, 2 fail.
int exit_status(Verdict worst);

/// The answer of one check. Unless it passed, the reason says what can be done.
struct CheckAnswer {
  Verdict verdict = Verdict::pass;
  Reason reason;
};

CheckAnswer passed(std::string what);
CheckAnswer warned(std::string what, std::string fix);
CheckAnswer unknown(std::string what, std::string fix);
CheckAnswer failed(std::string what, std::string fix);

/// It is not known, as only root could have seen it.
CheckAnswer unknown_to_others(std::string what);

/// The answer to what guards found: the check failed, or is unknown where only root would have seen
/// it. Without reasons it passed.
CheckAnswer answer(const Reasons& reasons, std::string passed);

/// A check of the host: a line of the table in check_host.cc.
struct HostCheck {
  std::string_view id;     ///< "H2"; stable
  std::string_view title;  ///< what is looked at; Markdown, for docs/gpupci.md
  CheckAnswer (*probe)(const GuardInput& input);
};

/// A check of a card: a line of the table in its file, check_*.cc.
struct CardCheck {
  std::string_view id;     ///< "D14"; stable
  std::string_view title;  ///< what is looked at; Markdown, for docs/gpupci.md
  CheckAnswer (*probe)(const Subject& subject);

  /// The guards that find what this check fails on: to detach the card then would do harm, so -d
  /// refuses. Where there is none, a FAIL says that VMs will not work with the card, or that it is
  /// not as it was; a detach itself does no harm.
  std::array<const Guard*, 2> refused_by{};
};

/// Every check of the host, in the order of --check.
std::span<const HostCheck> host_checks();

/// Every check of a card, in the order of --check: its place and its state, then who uses it.
std::vector<CardCheck> card_checks();

// The tables that card_checks() is made of, one a file.
std::span<const CardCheck> hardware_checks();
std::span<const CardCheck> identity_checks();
std::span<const CardCheck> use_checks();

/// The checks of a card's slices; they are made where concerns_slices().
std::span<const CardCheck> slice_checks();

/// True when the slices of the card have anything to look at: it has SR-IOV or makes vGPUs, or it
/// is to have some. Throws Error when the record of slices cannot be read.
bool concerns_slices(const Subject& subject);

/// One answer, ready to be printed.
struct CheckResult {
  std::string_view id;              ///< "H2", "D14"
  std::optional<std::string> card;  ///< nothing for a check of the host
  CheckAnswer answer;
};

/// Makes every check of the host and, for each of `cards`, of a card. A check that throws is
/// unknown.
std::vector<CheckResult> run_checks(const std::vector<Card>& cards, const GuardInput& input);

/// The worst of them.
Verdict worst(const std::vector<CheckResult>& results);

/// ID   CARD     RESULT   REASON
/// H2   -        FAIL     the IOMMU is off; turn on VT-d ...
std::string checks_table(const std::vector<CheckResult>& results);

/// {"checks": [{"id": "D9", "card": "gpupci1", "result": "FAIL", "reason": "...", "fix": "..."}]}
/// card and fix are null where there is none.
std::string checks_json(const std::vector<CheckResult>& results);

/// The lines of the table of checks in docs/gpupci.md.
std::string checks_markdown();

/// The list of which kernel module is for which device, of the kernel that runs (modules.alias of
/// depmod(8)).
std::filesystem::path modules_alias(const GuardInput& input);

/// True when the firmware started with this function (`boot_vga`), false when it did not or the
/// function is no VGA controller, nothing when the kernel does not tell.
std::optional<bool> is_first_display(const Sysfs& sysfs, const PciFunction& function);

/// The answer where sysfs has no attribute of a function that the kernel shows of each.
CheckAnswer does_not_show(std::string_view attribute, const PciAddress& pci);

}  // namespace cluster::agent
