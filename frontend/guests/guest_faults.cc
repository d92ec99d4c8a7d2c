#include "frontend/guests/guest_faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/device_kind.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

std::string roll_for(const std::string& vm) {
  return "cluster run roll guest host=" + vm + " apply=yes";
}

// "0000:01:00" of "0000:01:00.0", as NVIDIA's driver names a card in its log.
std::string slot_of(const GuestDevice& device) {
  const auto colon = device.address.find(':');
  return colon == std::string::npos ? "" : device.address.substr(0, device.address.rfind('.'));
}

// The last line of the kernel's log that has all of `words` and speaks of no other device.
std::string log_line(const GuestReport& report, const GuestDevice& device,
                     const std::vector<std::string>& words) {
  std::string found;
  for (const auto& line : report.lines_with("kernel-log", words)) {
    const auto named = address_in(line);
    if (named.empty() || named == device.address) found = line;
  }
  return found;
}

// A number of https://docs.nvidia.com/deploy/xid-errors/.
struct Xid {
  int number;
  const char* reason;
  const char* fix;
  bool warns;
};

constexpr const char* kProgram = "usually a fault of the program that ran: look there first";
constexpr int kFellOff = 79;
constexpr int kRecovery = 154;
constexpr std::array kXids{
    Xid{13, "a program's exception on the card", kProgram, true},
    Xid{31, "a program touched memory that it does not have", kProgram, true},
    Xid{43, "a program was stopped", kProgram, true},
    Xid{45, "programs were ended", kProgram, true},
    Xid{48, "an uncorrectable memory error", kResetCard, false},
    Xid{61, "its microcontroller stopped", kResetCard, false},
    Xid{62, "its microcontroller halted", kResetCard, false},
    Xid{63, "memory rows were remapped", "restart the VM, so that the remapping counts", true},
    Xid{64, "memory rows could not be remapped", "the card wants to be replaced", false},
    Xid{74, "an NVLink error", "give all GPUs of the board, or a partition (fabric=)", false},
    Xid{94, "a memory error that was contained", "restart the program; reset the card soon", true},
    Xid{95, "a memory error that was not contained", kResetCard, false},
    Xid{119, "its firmware (GSP) does not answer", kResetCard, false},
    Xid{120, "its firmware (GSP) failed", kResetCard, false},
    Xid{kRecovery, "it asks to be reset", kResetCard, false},
};

// The number in "NVRM: Xid (PCI:0000:01:00): 79, pid=..."; nothing when it is none.
std::optional<int> xid_of(const std::string& line) {
  const auto at = line.find("): ", line.find("Xid (PCI:"));
  if (at == std::string::npos) return std::nullopt;
  const auto digits = line.substr(at + 3, line.find_first_not_of("0123456789", at + 3) - at - 3);
  const auto number = parse_number(digits);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

// "GPU Reset Required" of "154, GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset
// Required)"; "" = none any more, or no such line.
std::string recovery_in(const std::string& line) {
  const auto open = line.rfind('(');
  const auto close = line.rfind(')');
  if (line.find("recovery action") == std::string::npos || close == std::string::npos ||
      open > close) {
    return "";
  }
  const auto wanted = line.substr(open + 1, close - open - 1);
  return wanted == "None" ? "" : wanted;
}

GuestFault by_xid(int number, const std::string& line, const std::string& container) {
  const auto name = "Xid " + std::to_string(number) + ": ";
  if (number == kFellOff) {
    auto fault = fell_off(container);
    fault.reason = name + fault.reason;
    return fault;
  }
  const auto wanted = number == kRecovery ? recovery_in(line) : "";
  if (!wanted.empty()) return {name + "it asks for recovery: " + wanted, kResetCard};
  const auto known = std::ranges::find(kXids, number, &Xid::number);
  if (known != kXids.end()) return {name + known->reason, known->fix, known->warns};
  return {name + "an error of the card or its driver",
          "https://docs.nvidia.com/deploy/xid-errors/ says what it means", true};
}

// The worst of a card's errors, of several the last. Programs that end and a reset that is asked
// for follow from another one, which tells why.
std::optional<GuestFault> worst_xid(const GuestReport& report, const GuestDevice& gpu,
                                    const std::string& container) {
  constexpr int kProgramsEnded = 45;
  std::optional<GuestFault> worst;
  int rank_of_worst = -1;
  for (const auto& line : report.lines_with("kernel-log", {"Xid (PCI:" + slot_of(gpu)})) {
    const auto number = xid_of(line);
    if (!number) continue;
    const bool is_over =
        *number == kRecovery && mentions(line, "recovery action") && recovery_in(line).empty();
    if (is_over) continue;
    auto fault = by_xid(*number, line, container);
    const bool follows = *number == kRecovery || *number == kProgramsEnded;
    const int rank = *number == kFellOff ? 4 : (fault.warns ? 0 : 2) + (follows ? 0 : 1);
    if (rank < rank_of_worst) continue;
    rank_of_worst = rank;
    worst = std::move(fault);
  }
  return worst;
}

// 560 of NVIDIA's "32.0.15.6094" on Windows: the last five digits are its own version.
int nvidia_branch(const std::string& version) {
  std::string digits;
  std::ranges::copy_if(version, std::back_inserter(digits), is_digit);
  constexpr std::size_t kOwn = 5;
  if (digits.size() < kOwn) return 0;
  return static_cast<int>(parse_number(digits.substr(digits.size() - kOwn, 3)).value_or(0));
}

std::optional<GuestFault> windows_fault(const GuestDevice& device, const std::string& vm) {
  constexpr int kCode43 = 43;
  constexpr int kFirstThatRuns = 465;
  const int code = device.problem.value_or(0);
  const auto name = "code " + std::to_string(code) + ": ";
  switch (code) {
    case 0:
      return std::nullopt;
    case kCode43: {
      const int branch = nvidia_branch(device.driver);
      const bool geforce = mentions(device.name, "GeForce") || mentions(device.name, "TITAN");
      if (is_nvidia(device) && geforce && branch > 0 && branch < kFirstThatRuns) {
        return GuestFault{
            name + "NVIDIA's driver " + std::to_string(branch) +
                " refuses to run a GeForce card in a VM",
            "a driver from 465 on, or cluster set host attr " + vm + " hide_hypervisor yes"};
      }
      return GuestFault{name + "its driver gave the card up",
                        "a newer driver; the card's ROM (rom_file), when it is the first screen of "
                        "its host; cluster check host gpu"};
    }
    case 10:
      return GuestFault{name + "it cannot start", "reinstall its driver; restart the VM"};
    case 12:
      return unplaced("it found no resources (code 12)", vm);
    case 22:
      return GuestFault{name + "it is disabled", "enable it in the device manager"};
    case 28:
      return GuestFault{name + "it has no driver", "install NVIDIA's driver in the guest"};
    default:
      return GuestFault{name + "Windows does not use it", "look at it in the device manager"};
  }
}

// Why nothing holds an NVIDIA card, by what the kernel and its modules say.
GuestFault without_driver(const GuestReport& report, const GuestDevice& gpu,
                          const std::string& vm) {
  const auto log = [&](const std::vector<std::string>& words) {
    return !log_line(report, gpu, words).empty();
  };
  if (log({"allen off the bus"})) {
    return {"no driver holds it: NVIDIA's found that it fell off the bus", "as I5 says"};
  }
  if (log({"requires use of the NVIDIA open kernel modules"}) ||
      log({"open kernel modules", "required"})) {
    return {
        "this card wants NVIDIA's open kernel modules (Blackwell and later), and the guest has "
        "the proprietary ones",
        roll_for(vm) + " with attribute guest_driver=open"};
  }
  if (log({"not supported by open"}) || log({"does not include the required GPU"})) {
    return {"NVIDIA's open kernel modules do not know this card (older than Turing)",
            roll_for(vm) + " with attribute guest_driver=proprietary"};
  }
  if (log({"Legacy drivers"})) {
    return {"this card wants an older branch of NVIDIA's driver",
            "the branch that the guest's kernel log names"};
  }
  if (log({"not supported by the NVIDIA", "driver release"})) {
    return {"the guest's NVIDIA driver does not know this card",
            "a newer branch of NVIDIA's driver in the guest; for a vGPU that of its host"};
  }
  if (log({"is 0M @"}) || !gpu.unplaced.empty()) {
    return {"NVIDIA's driver does not take it without its regions", "as I3 says"};
  }
  const auto& modules = report.part("modules");
  if (std::ranges::find(modules, "nvidia") != modules.end()) {
    return {"NVIDIA's module runs, and does not hold it",
            "in the guest: what dmesg | grep NVRM says; then restart the VM"};
  }
  const bool secure = report.part("secure-boot") == std::vector<std::string>{"1"};
  if (log({"ey was rejected"}) || log({"unavailable key"}) ||
      (secure &&
       (log({"unsigned module", "restricted"}) || log({"unsigned module is rejected"})))) {
    return {"Secure Boot refuses NVIDIA's module, which nobody signed",
            "cluster set host attr " + vm +
                " vm_firmware efi (without Secure Boot), or enrol the key of dkms in the guest"};
  }
  if (report.part("modinfo").empty()) {
    return {"there is no NVIDIA driver for the running kernel", roll_for(vm)};
  }
  return {"no driver holds it, though NVIDIA's is installed",
          "in the guest: modprobe nvidia, and what dmesg says then"};
}

}  // namespace

std::string to_install(const GuestReport& report, const std::string& vm) {
  return report.windows ? "install NVIDIA's driver in the guest" : roll_for(vm);
}

GuestFault unplaced(const std::string& what, const std::string& vm) {
  return {
      what + ": the guest's firmware did not place it",
      "cluster set host attr " + vm +
          " vm_firmware efi, vm_maxphysaddr passthrough (with "
          "vm_cpu_mode host-passthrough); else a smaller BAR: Resizable BAR off in the container's "
          "firmware"};
}

GuestFault fell_off(const std::string& container) {
  return {"the card fell off the bus: power, heat, its link, or a reset that it did not survive",
          "stop the VM and power-cycle " + container + "; cluster check host gpu " + container +
              " (D1, D14 to D17)",
          false, true};
}

GuestFault asleep(const std::string& container) {
  return {"it sleeps in power state D3cold and does not wake",
          "on " + container +
              ": options vfio-pci disable_idle_d3=1, and 0 in d3cold_allowed of the card; then "
              "restart the VM",
          false, true};
}

std::optional<GuestFault> driver_fault(const GuestReport& report, const GuestDevice& device,
                                       bool is_gpu, const std::string& vm) {
  if (report.windows) return windows_fault(device, vm);
  const auto& driver = device.driver;
  if (is_gpu && is_nvidia(device)) {
    if (driver == "nvidia") return std::nullopt;
    if (driver.empty()) return without_driver(report, device, vm);
  }
  if (driver.starts_with("vfio") || mentions(driver, "_vfio_")) {
    return GuestFault{driver + " holds it, for a VM in this guest", "take it from that VM", true};
  }
  if (is_gpu && is_nvidia(device)) {
    return GuestFault{driver + " is in the way: it holds the card, so NVIDIA's driver cannot",
                      roll_for(vm) + ", which keeps nouveau out, and a restart of the guest"};
  }
  if (driver.empty()) {
    return GuestFault{"no driver holds it", "install its driver in the guest", !is_gpu};
  }
  return std::nullopt;
}

std::optional<GuestFault> log_fault(const GuestReport& report, const GuestDevice& gpu,
                                    const std::string& container) {
  if (auto xid = worst_xid(report, gpu, container)) return xid;
  if (!report.line_with("kernel-log", {"allen off the bus", slot_of(gpu)}).empty()) {
    return fell_off(container);
  }
  // Every device that can wake up tells at boot that it supports D3cold.
  for (const char* words : {"power state from D3cold", "device inaccessible", "currently in D3"}) {
    if (report.line_with("kernel-log", {words, gpu.address}).empty()) continue;
    return asleep(container);
  }
  const auto invalid = report.line_with("kernel-log", {"BAR", "is 0M @", gpu.address});
  if (!invalid.empty()) {
    return GuestFault{invalid.substr(invalid.find("BAR")) + ": NVIDIA's driver finds no region",
                      "as I3 says", false, true};
  }
  if (!report.line_with("kernel-log", {"RmInitAdapter failed", gpu.address}).empty()) {
    const auto log = [&](const std::vector<std::string>& words) {
      return !log_line(report, gpu, words).empty();
    };
    const bool no_firmware = log({"o firmware image found"}) ||
                             log({"firmware load for nvidia", "ailed"}) ||
                             log({"ailed to load", "nvidia/"}) || log({"gsp_", ".bin", "ailed"});
    return GuestFault{"NVIDIA's driver could not start the card (RmInitAdapter failed)",
                      no_firmware ? "install the driver's firmware (gsp_*.bin) in the guest"
                                  : "restart the VM, so that the card is reset; then a driver that "
                                    "knows the card, and cluster check host gpu " +
                                        container,
                      false, true};
  }
  return std::nullopt;
}

}  // namespace cluster::frontend
