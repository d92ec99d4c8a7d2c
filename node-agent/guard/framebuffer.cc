#include "node-agent/guard/framebuffer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> hex(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value, 16);
  if (code != std::errc{} || stop != end) return std::nullopt;
  return value;
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

// The console that draws into a framebuffer, "vtcon1"; nothing when none does.
std::optional<std::string> framebuffer_console(const Sysfs& sysfs) {
  std::error_code none;
  for (fs::directory_iterator at(sysfs.root() / "class/vtconsole", none), end; !none && at != end;
       at.increment(none)) {
    const auto name = read_file(at->path() / "name").value_or("");
    const auto bind = read_file(at->path() / "bind").value_or("");
    if (name.find("frame buffer") != std::string::npos && trim(bind) == "1") {
      return at->path().filename().native();
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Region> regions(const Sysfs& sysfs, const PciAddress& pci) {
  std::vector<Region> found;
  const auto text = sysfs.attribute(pci, "resource").value_or("");
  int number = 0;
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (number > 5) break;  // then come the ROM and the windows of bridges
    if (words.size() == 3) {
      const auto start = hex(words[0]);
      const auto end = hex(words[1]);
      const auto flags = hex(words[2]);
      if (start && end && flags && *flags != 0) found.push_back({number, *start, *end, *flags});
    }
    ++number;
  }
  return found;
}

Culprits console_users(const Card& card, const GuardInput& input) {
  for (const auto& function : card.functions) {
    if (input.sysfs.attribute(function.pci, "boot_vga") != "1") continue;
    if (const auto console = framebuffer_console(input.sysfs)) {
      return {function.pci.sysfs() + " shows the host's console (" + *console +
              "); make another card the primary one in the firmware, or echo 0 >" +
              (input.sysfs.root() / "class/vtconsole" / *console / "bind").native()};
    }
  }
  return {};
}

Culprits framebuffer_users(const Card& card, const GuardInput& input) {
  Culprits culprits;
  const auto table = read_file(input.proc / "iomem").value_or("");
  bool seen = table.empty();
  std::vector<Range> framebuffers;
  for (const auto line : split(table, '\n')) {
    const auto one = range(line);
    if (!one) continue;
    seen = seen || one->end != 0;
    if (is_framebuffer(one->name)) framebuffers.push_back(*one);
  }
  if (framebuffers.empty()) return culprits;
  if (!seen) {
    return {
        "only root sees in /proc/iomem whether a framebuffer is in its memory; run gpupci as root"};
  }
  for (const auto& function : card.functions) {
    for (const auto& bar : regions(input.sysfs, function.pci)) {
      for (const auto& one : framebuffers) {
        if (bar.start == 0 || one.start > bar.end || one.end < bar.start) continue;
        culprits.push_back("the firmware's framebuffer (" + std::string(one.name) +
                           ") is in region " + std::to_string(bar.number) + " of " +
                           function.pci.sysfs() +
                           "; boot with initcall_blacklist=sysfb_init, or unbind its driver below "
                           "/sys/bus/platform/drivers");
      }
    }
  }
  return culprits;
}

}  // namespace cluster::agent
