#include "frontend/guests/guest_faults.h"

#include <algorithm>
#include <array>

#include "core/device_kind.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

std::string roll_for(const std::string& vm) {
  return "cluster run roll guest host=" + vm + " apply=yes";
}

bool has(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}

// "01:00" of "0000:01:00.0", as NVIDIA's driver names a card in its log.
std::string slot_of(const GuestDevice& device) {
  const auto colon = device.address.find(':');
  return colon == std::string::npos ? "" : device.address.substr(0, device.address.rfind('.'));
}

// A number of https://docs.nvidia.com/deploy/xid-errors/.
struct Xid {
  int number;
  const char* reason;
  const char* fix;
  bool warns;
};

constexpr const char* kReset = "stop the VM, reset or power-cycle the container, start it again";
constexpr const char* kProgram = "usually a fault of the program that ran: look there first";
constexpr std::array kXids{
    Xid{13, "a program's exception on the card", kProgram, true},
    Xid{31, "a program touched memory that it does not have", kProgram, true},
    Xid{43, "a program was stopped", kProgram, true},
    Xid{45, "programs were ended", kProgram, true},
    Xid{48, "an uncorrectable memory error", kReset, false},
    Xid{61, "its microcontroller stopped", kReset, false},
    Xid{62, "its microcontroller halted", kReset, false},
    Xid{63, "memory rows were remapped", "restart the VM, so that the remapping counts", true},
    Xid{64, "memory rows could not be remapped", "the card wants to be replaced", false},
    Xid{74, "an NVLink error", "give all GPUs of the board, or a partition (fabric=)", false},
    Xid{94, "a memory error that was contained", "restart the program; reset the card soon", true},
    Xid{95, "a memory error that was not contained", kReset, false},
    Xid{119, "its firmware (GSP) does not answer", kReset, false},
    Xid{120, "its firmware (GSP) failed", kReset, false},
    Xid{154, "it asks to be reset", kReset, false},
};

// The number in "NVRM: Xid (PCI:0000:01:00): 79, pid=..."; nothing when it is none.
std::optional<int> xid_of(const std::string& line) {
  const auto at = line.find("): ", line.find("Xid (PCI:"));
  if (at == std::string::npos) return std::nullopt;
  const auto digits = line.substr(at + 3, line.find_first_not_of("0123456789", at + 3) - at - 3);
  const auto number = parse_number(digits);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

GuestFault by_xid(int number, const std::string& container) {
  constexpr int kFellOff = 79;
  const auto name = "Xid " + std::to_string(number) + ": ";
  if (number == kFellOff) {
    auto fault = fell_off(container);
    fault.reason = name + fault.reason;
    return fault;
  }
  const auto known = std::ranges::find(kXids, number, &Xid::number);
  if (known != kXids.end()) return {name + known->reason, known->fix, known->warns};
  return {name + "an error of the card or its driver",
          "https://docs.nvidia.com/deploy/xid-errors/ says what it means", true};
}

// 560 of NVIDIA's "32.0.15.6094" on Windows: the last five digits are its own version.
int nvidia_branch(const std::string& version) {
  std::string digits;
  std::ranges::copy_if(version, std::back_inserter(digits),
                       [](char c) { return c >= '0' && c <= '9'; });
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
      if (is_nvidia(device) && branch > 0 && branch < kFirstThatRuns) {
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
GuestFault without_driver(const GuestReport& report, const std::string& vm) {
  const auto log = [&](const std::vector<std::string>& words) {
    return !report.line_with("kernel-log", words).empty();
  };
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
  if (log({"ey was rejected"}) || log({"unavailable key"})) {
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
              " (D1, D14 to D17)"};
}

std::optional<GuestFault> driver_fault(const GuestReport& report, const GuestDevice& device,
                                       bool is_gpu, const std::string& vm) {
  if (report.windows) return windows_fault(device, vm);
  const auto& driver = device.driver;
  if (is_gpu && is_nvidia(device)) {
    if (driver == "nvidia") return std::nullopt;
    if (driver == "nouveau" || driver == "nova_core") {
      return GuestFault{driver + " is in the way: it holds the card, so NVIDIA's driver cannot",
                        roll_for(vm) + ", which keeps it out, and a restart of the guest"};
    }
    if (driver.empty()) return without_driver(report, vm);
  }
  if (driver == "vfio-pci") {
    return GuestFault{"vfio-pci holds it, for a VM in this guest", "take it from that VM", true};
  }
  if (driver.empty()) {
    return GuestFault{"no driver holds it", "install its driver in the guest", !is_gpu};
  }
  return std::nullopt;
}

std::optional<GuestFault> log_fault(const GuestReport& report, const GuestDevice& gpu,
                                    const std::string& container) {
  const auto slot = slot_of(gpu);
  const auto xid = report.line_with("kernel-log", {"Xid (PCI:" + slot});
  if (!report.line_with("kernel-log", {"allen off the bus", slot}).empty() && xid.empty()) {
    return fell_off(container);
  }
  // The last one may only be a consequence of that which tells why.
  const auto off = report.line_with("kernel-log", {"Xid (PCI:" + slot, "): 79,"});
  if (const auto number = xid_of(off.empty() ? xid : off)) return by_xid(*number, container);
  for (const char* words : {"D3cold", "device inaccessible"}) {
    if (report.line_with("kernel-log", {words, gpu.address}).empty()) continue;
    return GuestFault{"it sleeps in power state D3cold and does not wake",
                      "on " + container +
                          ": options vfio-pci disable_idle_d3=1, and 0 in d3cold_allowed of the "
                          "card; then restart the VM"};
  }
  const auto invalid = report.line_with("kernel-log", {"BAR", "is 0M @", gpu.address});
  if (!invalid.empty()) {
    return GuestFault{invalid.substr(invalid.find("BAR")) + ": NVIDIA's driver finds no region",
                      "as I3 says"};
  }
  if (!report.line_with("kernel-log", {"RmInitAdapter failed", gpu.address}).empty()) {
    const bool firmware = !report.line_with("kernel-log", {"gsp_"}).empty() ||
                          !report.line_with("kernel-log", {"firmware", "ailed"}).empty();
    return GuestFault{"NVIDIA's driver could not start the card (RmInitAdapter failed)",
                      firmware ? "install the driver's firmware (gsp_*.bin) in the guest"
                               : "restart the VM, so that the card is reset; then a driver that "
                                 "knows the card, and cluster check host gpu " +
                                     container};
  }
  return std::nullopt;
}

std::string smi_line(const GuestReport& report, const GuestDevice& gpu) {
  const auto colon = gpu.address.find(':');
  const auto tail = colon == std::string::npos ? "" : gpu.address.substr(colon);
  for (const auto& line : report.part("nvidia-smi")) {
    const auto comma = line.find(", ");
    if (comma == std::string::npos || !lower(line.substr(0, comma)).ends_with(tail)) continue;
    return line.substr(comma + 2);
  }
  return "";
}

std::optional<GuestFault> smi_fault(const GuestReport& report, const GuestDevice& gpu,
                                    const SmiContext& context) {
  if (!smi_line(report, gpu).empty()) return std::nullopt;
  const auto line = [&](const std::vector<std::string>& words) {
    return report.line_with("nvidia-smi", words);
  };
  const auto with_log = [&](const std::string& reason, const std::string& fix) {
    if (context.log) return GuestFault{reason + " (" + context.log->reason + ")", context.log->fix};
    return GuestFault{reason, fix};
  };
  if (line({"missing"}) == "missing") {
    return GuestFault{"there is no nvidia-smi in the guest", roll_for(context.vm)};
  }
  const auto handle = line({"Unable to determine the device handle"});
  if (!handle.empty() && (has(lower(handle), slot_of(gpu)) || !has(handle, "GPU0"))) {
    const std::string what = "Unable to determine the device handle";
    if (context.has_unplaced) return GuestFault{what + ": its BARs are not placed", "as I3 says"};
    if (has(gpu.power, "D3")) {
      return GuestFault{what + ": it sleeps in power state " + gpu.power,
                        "on " + context.container + ": options vfio-pci disable_idle_d3=1"};
    }
    if (has(handle, "is lost")) {
      const auto fault = fell_off(context.container);
      return GuestFault{what + ": " + fault.reason, fault.fix};
    }
    if (has(handle, "External Power")) {
      return GuestFault{what + ": its power cables do not give enough",
                        "look at the card's power connectors in " + context.container};
    }
    return with_log(what, "restart the VM; Resizable BAR off in the firmware of " +
                              context.container + "; a newer driver in the guest");
  }
  if (!line({"GPU is lost"}).empty()) return fell_off(context.container);
  if (!line({"couldn't communicate with the NVIDIA driver"}).empty()) {
    return with_log("nvidia-smi finds no NVIDIA driver", "as I4 says");
  }
  if (!line({"version mismatch"}).empty()) {
    return GuestFault{"nvidia-smi is of another version than the module that runs",
                      "restart the guest, which was updated"};
  }
  if (!line({"No devices were found"}).empty()) {
    return with_log("nvidia-smi finds no card that its driver could start",
                    "in the guest: dmesg | grep NVRM");
  }
  if (!line({"Failed to initialize NVML"}).empty()) {
    return with_log(line({"Failed to initialize NVML"}), "restart the guest");
  }
  if (!line({"status 124"}).empty()) {
    return with_log("nvidia-smi did not end within 30 s", kReset);
  }
  if (report.part("nvidia-smi").empty()) return std::nullopt;
  return with_log("nvidia-smi does not list it", "in the guest: dmesg | grep NVRM");
}

}  // namespace cluster::frontend
