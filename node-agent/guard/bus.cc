#include "node-agent/guard/bus.h"

#include <algorithm>
#include <filesystem>

#include "node-agent/guard/guards.h"
#include "node-agent/kernel/config_space.h"

namespace cluster::agent {
namespace {

std::optional<bool> reads_as_ones(const std::optional<std::string>& config) {
  constexpr std::size_t kHead = 16;
  constexpr std::size_t kHeaderType = 14;  // no device has type 0x7f
  if (!config || config->size() < kHead) return std::nullopt;
  const auto head = std::string_view(*config).substr(0, kHead);
  return std::ranges::all_of(head, [](char byte) { return byte == '\xff'; }) ||
         head[kHeaderType] == '\x7f';
}

// During its unbind the driver of such a card waits for answers that never come.
Reasons probe_bus(const Subject& subject) {
  Reasons reasons;
  const auto& sysfs = subject.input.sysfs;
  std::vector<PciAddress> functions;
  for (const auto& function : subject.card.functions) functions.push_back(function.pci);
  const auto configs = config_spaces(sysfs, functions);
  for (std::size_t at = 0; at < functions.size(); ++at) {
    const auto& pci = functions[at];
    const auto fallen_off = reads_as_ones(configs[at]);
    if (fallen_off.value_or(false)) {
      reasons.push_back(
          {.what = pci.sysfs() + " has fallen off the bus", .fix = "power the host off and on"});
    } else if (!fallen_off && std::filesystem::exists(sysfs.device_path(pci) / "config")) {
      reasons.push_back({.what = "the kernel gives no configuration space of " + pci.sysfs() +
                                 ": it may be in a reset that never ends",
                         .fix = "try again; when it stays so, reboot the host"});
    }
  }
  return reasons;
}

}  // namespace

std::optional<bool> has_fallen_off(const Sysfs& sysfs, const PciAddress& pci) {
  return reads_as_ones(config_space(sysfs, pci));
}

constinit const Guard kBusGuard{.name = "bus",
                                .help = "a function does not answer on the bus any more",
                                .probe = probe_bus,
                                .of_neighbours = false,
                                .at_boot = AtBoot::nothing,
                                .for_vms_alone = false};

}  // namespace cluster::agent
