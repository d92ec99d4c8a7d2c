#include "node-agent/guard/bus.h"

#include <algorithm>

#include "core/file.h"
#include "node-agent/guard/guards.h"

namespace cluster::agent {
namespace {

// During its unbind the driver of such a card waits for answers that never come.
Reasons probe(const Subject& subject) {
  Reasons reasons;
  for (const auto& function : subject.card.functions) {
    if (!has_fallen_off(subject.input.sysfs, function.pci).value_or(false)) continue;
    reasons.push_back({.what = function.pci.sysfs() + " has fallen off the bus",
                       .fix = "power the host off and on"});
  }
  return reasons;
}

}  // namespace

std::optional<bool> has_fallen_off(const Sysfs& sysfs, const PciAddress& pci) {
  constexpr std::size_t kHead = 16;
  constexpr std::size_t kHeaderType = 14;  // no device has type 0x7f
  const auto config = read_file(sysfs.device_path(pci) / "config");
  if (!config || config->size() < kHead) return std::nullopt;
  const auto head = std::string_view(*config).substr(0, kHead);
  return std::ranges::all_of(head, [](char byte) { return byte == '\xff'; }) ||
         head[kHeaderType] == '\x7f';
}

constinit const Guard kBusGuard{
    .name = "bus", .help = "a function does not answer on the bus any more", .probe = probe};

}  // namespace cluster::agent
