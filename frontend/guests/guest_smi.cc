#include <algorithm>

#include "core/text.h"
#include "frontend/guests/guest_faults.h"

namespace cluster::frontend {
namespace {

// What stands in the line of a card in place of its name: "GPU is lost", "Unknown Error".
std::string trouble_in(std::string_view line) {
  if (!line.starts_with('[') || line.starts_with("[N/A]")) return "";
  return std::string(line.substr(1, line.find(']') - 1));
}

// The line of nvidia-smi for the card, whatever is in it. nvidia-smi writes eight digits where
// Linux writes four. A card without an address has the line only where there is no other card.
std::string row_of(const GuestReport& report, const GuestDevice& gpu) {
  std::vector<std::string> lines;
  for (const auto& line : report.part("nvidia-smi")) {
    const auto comma = line.find(", ");
    const auto address = comma == std::string::npos ? "" : address_in(line.substr(0, comma));
    if (address.empty() || !lower(address).ends_with(gpu.address)) continue;
    lines.push_back(line.substr(comma + 2));
  }
  const auto without = std::ranges::count_if(report.devices, [](const GuestDevice& one) {
    return is_nvidia(one) && one.address.empty() && one.path.ends_with(".0");
  });
  if (gpu.address.empty() && without > 1) return "";
  return lines.size() == 1 ? lines.front() : "";
}

// The complaint about a card, that about no card, or else about another.
std::string handle_line(const GuestReport& report, const GuestDevice& gpu) {
  std::string best;
  int rank_of_best = -1;
  for (const auto& line :
       report.lines_with("nvidia-smi", {"Unable to determine the device handle"})) {
    const auto named = lower(address_in(line));
    const int rank = named.empty() ? 1 : named.ends_with(gpu.address) ? 2 : 0;
    if (rank < rank_of_best) continue;
    best = line;
    rank_of_best = rank;
  }
  return best;
}

}  // namespace

std::string smi_line(const GuestReport& report, const GuestDevice& gpu) {
  const auto line = row_of(report, gpu);
  return trouble_in(line).empty() ? line : "";
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
    return GuestFault{"there is no nvidia-smi in the guest", to_install(report, context.vm)};
  }
  const auto trouble = trouble_in(row_of(report, gpu));
  if (mentions(trouble, "lost")) return fell_off(context.container);
  if (mentions(trouble, "reset")) return with_log("nvidia-smi: " + trouble, kResetCard);
  if (!trouble.empty()) {
    return with_log("nvidia-smi: " + trouble, "in the guest: dmesg | grep NVRM; restart the VM");
  }
  const auto handle = handle_line(report, gpu);
  const auto named = address_in(handle);
  if (!named.empty() && !lower(named).ends_with(gpu.address)) {
    return GuestFault{"nvidia-smi stops at another card, " + named + ", and tells nothing of this",
                      "in the guest: nvidia-smi -i " + gpu.address + "; and mend that card", true};
  }
  if (!handle.empty()) {
    const std::string what = "Unable to determine the device handle";
    if (mentions(handle, "is lost")) {
      const auto fault = fell_off(context.container);
      return GuestFault{what + ": " + fault.reason, fault.fix};
    }
    if (mentions(handle, "External Power")) {
      return GuestFault{what + ": its power cables do not give enough",
                        "look at the card's power connectors in " + context.container};
    }
    if (context.has_unplaced) return GuestFault{what + ": its BARs are not placed", "as I3 says"};
    if (mentions(gpu.power, "D3")) {
      return GuestFault{what + ": it sleeps in power state " + gpu.power,
                        "on " + context.container + ": options vfio-pci disable_idle_d3=1"};
    }
    return with_log(what, "restart the VM; Resizable BAR off in the firmware of " +
                              context.container + "; a newer driver in the guest");
  }
  if (!line({"GPU is lost"}).empty()) return fell_off(context.container);
  if (!line({"couldn't communicate with the NVIDIA driver"}).empty()) {
    return with_log("nvidia-smi finds no NVIDIA driver", "as I4 says");
  }
  if (!line({"libnvidia-ml"}).empty()) {
    return GuestFault{"nvidia-smi finds no libnvidia-ml: NVIDIA's driver is there in part",
                      to_install(report, context.vm)};
  }
  if (!line({"version mismatch"}).empty()) {
    return GuestFault{"nvidia-smi is of another version than the module that runs",
                      "restart the guest, which was updated"};
  }
  if (!line({"Insufficient Permissions"}).empty()) {
    return GuestFault{"who asks there may not use the card (Insufficient Permissions)",
                      "let root, or the guest's agent, run the check", true};
  }
  if (!line({"No devices were found"}).empty() || !line({"No devices found"}).empty()) {
    return with_log("nvidia-smi finds no card that its driver could start",
                    "in the guest: dmesg | grep NVRM");
  }
  if (!line({"Failed to initialize NVML"}).empty()) {
    return with_log(line({"Failed to initialize NVML"}), "restart the guest");
  }
  if (!line({"status 124"}).empty()) {
    return with_log("nvidia-smi did not end within 30 s", kResetCard);
  }
  if (report.part("nvidia-smi").empty()) return std::nullopt;
  if (gpu.address.empty() && !address_in(line({", "})).empty()) return std::nullopt;
  return with_log("nvidia-smi does not list it", "in the guest: dmesg | grep NVRM");
}

}  // namespace cluster::frontend
