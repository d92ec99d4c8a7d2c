#include "node-agent/kernel/display.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// "0000:02:00.0"; the name of a bus, "pci0000:00", is none.
std::optional<PciAddress> address(const std::string& name) {
  if (name.size() < 12 || name[name.size() - 2] != '.' || name[name.size() - 5] != ':') {
    return std::nullopt;
  }
  try {
    return PciAddress::parse(name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<PciAddress> last_pci(const fs::path& real) {
  std::optional<PciAddress> last;
  for (const auto& part : real) {
    if (const auto pci = address(part.native())) last = pci;
  }
  return last;
}

std::optional<PciAddress> pci_parent(const fs::path& device) {
  std::error_code gone;
  return last_pci(fs::canonical(device, gone));
}

std::vector<Framebuffer> framebuffers(const Sysfs& sysfs) {
  std::vector<Framebuffer> found;
  for (const auto& entry : entries_quietly(sysfs.root() / "class/graphics")) {
    const auto name = entry.filename().native();
    const auto number = name.starts_with("fb") ? parse_number(name.substr(2)) : std::nullopt;
    if (!number) continue;  // "fbcon"
    auto pci = pci_parent(entry);
    if (!pci) pci = pci_parent(entry / "device");
    found.push_back({static_cast<int>(*number), pci});
  }
  std::ranges::sort(found, {}, &Framebuffer::number);
  return found;
}

// The last map counts. A digit stands for a framebuffer, and the kernel begins anew after the last.
std::set<int> mapped_framebuffers(const fs::path& proc) {
  const auto text = read_file(proc / "cmdline").value_or("");
  std::set<int> found;
  for (const auto word : split(trim(text), ' ')) {
    if (!word.starts_with("fbcon=")) continue;
    for (const auto option : split(word.substr(6), ',')) {
      if (!option.starts_with("map:")) continue;
      found.clear();
      for (const char digit : option.substr(4)) found.insert(digit - '0');
    }
  }
  return found;
}

std::optional<BoundConsole> bound_console(const Sysfs& sysfs) {
  std::optional<BoundConsole> vga;
  for (const auto& entry : entries_quietly(sysfs.root() / "class/vtconsole")) {
    if (trim(read_file(entry / "bind").value_or("")) != "1") continue;
    const auto name = read_file(entry / "name").value_or("");
    if (name.find("frame buffer") != std::string::npos) {
      return BoundConsole{entry.filename().native(), true};
    }
    if (name.find("VGA") != std::string::npos) vga = BoundConsole{entry.filename().native(), false};
  }
  return vga;
}

std::vector<MemoryRange> memory_ranges(const fs::path& proc) {
  std::vector<MemoryRange> found;
  const auto table = read_file(proc / "iomem").value_or("");
  for (const auto line : split(table, '\n')) {
    const auto colon = line.find(" : ");
    const auto dash = line.find('-');
    if (colon == std::string_view::npos || dash > colon) continue;
    const auto start = parse_hex(trim(line.substr(0, dash)));
    const auto end = parse_hex(trim(line.substr(dash + 1, colon - dash - 1)));
    if (!start || !end) continue;
    found.push_back({*start, *end, std::string(trim(line.substr(colon + 3))),
                     std::min(line.find_first_not_of(' '), line.size())});
  }
  return found;
}

}  // namespace cluster::agent
