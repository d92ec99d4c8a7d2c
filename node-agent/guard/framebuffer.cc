#include <algorithm>
#include <array>
#include <optional>

#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/regions.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> hex(std::string_view text) {
  return parse_hex(text.starts_with("0x") ? text.substr(2) : text);
}

struct Range {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string_view name;
};

// "  e0000000-e02fffff : BOOTFB"
std::optional<Range> range(std::string_view line) {
  const auto colon = line.find(" : ");
  const auto dash = line.find('-');
  if (colon == std::string_view::npos || dash > colon) return std::nullopt;
  const auto start = hex(trim(line.substr(0, dash)));
  const auto end = hex(trim(line.substr(dash + 1, colon - dash - 1)));
  if (!start || !end) return std::nullopt;
  return Range{*start, *end, trim(line.substr(colon + 3))};
}

bool is_framebuffer(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"BOOTFB", "efifb",     "simple-framebuffer",
                                                   "vesafb", "simpledrm", "simplefb"};
  return std::ranges::find(kNames, name) != kNames.end();
}

// The framebuffers that the firmware left in the memory of the card and that a generic driver uses
// (/proc/iomem; names from drivers/firmware/sysfb*.c, drivers/video/fbdev and
// drivers/gpu/drm/tiny). A user other than root cannot see the place of a framebuffer; then the
// reason says so.
Reasons probe(const Subject& subject) {
  const auto& input = subject.input;
  Reasons reasons;
  const auto table = read_file(input.proc / "iomem").value_or("");
  bool seen = table.empty();
  std::vector<Range> framebuffers;
  for (const auto line : split(table, '\n')) {
    const auto one = range(line);
    if (!one) continue;
    seen = seen || one->end != 0;
    if (is_framebuffer(one->name)) framebuffers.push_back(*one);
  }
  if (framebuffers.empty()) return reasons;
  if (!seen) {
    return {{.what = "only root sees in /proc/iomem whether a framebuffer is in its memory",
             .needs_root = true}};
  }
  for (const auto& function : subject.card.functions) {
    for (const auto& bar : regions(input.sysfs, function.pci)) {
      for (const auto& one : framebuffers) {
        if (!bar.placed() || one.start > bar.end || one.end < bar.start) continue;
        reasons.push_back(
            {.what = "the firmware's framebuffer (" + std::string(one.name) + ") is in region " +
                     std::to_string(bar.number) + " of " + function.pci.sysfs(),
             .fix = "boot with initcall_blacklist=sysfb_init, or unbind its driver below "
                    "/sys/bus/platform/drivers"});
      }
    }
  }
  return reasons;
}

}  // namespace

constinit const Guard kFramebufferGuard{
    .name = "framebuffer", .help = "the firmware's framebuffer lies in its memory", .probe = probe};

}  // namespace cluster::agent
