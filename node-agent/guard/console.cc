#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/guard/framebuffer.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/display.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// Who draws the host's console. The kernel does not tell on which framebuffer: it takes those that
// its command line maps, else the first one, or that of the display with which the firmware started
// (drivers/video/fbdev/core/fbcon.c).
class Drawn {
 public:
  Drawn(const GuardInput& input, BoundConsole console)
      : input_(input),
        console_(std::move(console)),
        memory_(memory_ranges(input.proc)),
        framebuffers_(agent::framebuffers(input.sysfs)),
        mapped_(mapped_framebuffers(input.proc)) {
    // One that does not exist shows nothing.
    std::erase_if(mapped_, [&](int number) {
      return std::ranges::find(framebuffers_, number, &Framebuffer::number) == framebuffers_.end();
    });
  }

  // "vtcon1, fb0" if the console is drawn on the function.
  std::optional<std::string> on(const PciFunction& function) const {
    const bool first_display = input_.sysfs.attribute(function.pci, "boot_vga") == "1";
    if (!console_.framebuffer || framebuffers_.empty()) {
      return first_display ? std::optional(console_.name) : std::nullopt;
    }
    for (const auto& one : framebuffers_) {
      const bool chosen = mapped_.empty() ? one.number == framebuffers_.front().number
                                          : mapped_.contains(one.number);
      const bool preferred = mapped_.empty() && first_display;
      const bool here = one.pci ? *one.pci == function.pci && (chosen || preferred)
                                : chosen && has_firmwares(function, first_display);
      if (here) return console_.name + ", fb" + std::to_string(one.number);
    }
    return std::nullopt;
  }

  std::string fix() const {
    const auto bind = (input_.sysfs.root() / "class/vtconsole" / console_.name / "bind").native();
    if (!console_.framebuffer) return "make another card the primary one in the firmware";
    return "make another card the primary one in the firmware, or echo 0 >" + bind;
  }

 private:
  // A platform device has the framebuffer, which the firmware made. Its memory is in /proc/iomem;
  // where that tells nothing, it is on the display with which the firmware started.
  bool has_firmwares(const PciFunction& function, bool first_display) const {
    if (firmware_framebuffer(input_.sysfs, memory_, function)) return true;
    const bool told = std::ranges::any_of(memory_, [](const MemoryRange& range) {
      return range.end != 0 && is_firmware_name(range.name);
    });
    return first_display && !told;
  }

  const GuardInput& input_;
  BoundConsole console_;
  std::vector<MemoryRange> memory_;
  std::vector<Framebuffer> framebuffers_;
  std::set<int> mapped_;
};

// The keyboards from which the kernel's console reads, with the function that each is plugged into.
// A block of /proc/bus/input/devices has the lines N: Name="...", S: Sysfs=/devices/... and
// H: Handlers=sysrq kbd leds event3. A button that is no keyboard has neither sysrq nor leds.
void add_keyboards(const Subject& subject, Reasons& reasons) {
  const auto table = read_file(subject.input.proc / "bus/input/devices").value_or("");
  std::string_view name;
  std::optional<PciAddress> pci;
  for (const auto line : split(table, '\n')) {
    if (line.starts_with("N: Name=")) name = trim(line.substr(8));
    if (line.starts_with("S: Sysfs=")) pci = last_pci(fs::path(trim(line.substr(9))));
    if (!line.starts_with("H: Handlers=") || !pci || !has(subject.card, *pci)) continue;
    const auto handlers = split(line.substr(12), ' ');
    const auto handled_by = [&](std::string_view handler) {
      return std::ranges::find(handlers, handler) != handlers.end();
    };
    if (!handled_by("kbd") || !(handled_by("sysrq") || handled_by("leds"))) continue;
    if (name.size() > 1 && name.front() == '"') name = name.substr(1, name.size() - 2);
    reasons.push_back(
        {.what = "the host's keyboard (" + quoted_name(name) + ") is on " + pci->sysfs(),
         .fix = "plug it into a port that stays with the host"});
  }
}

// The serial lines on which the kernel writes its console: "tty0 ttyS4"
// (Documentation/ABI/testing/sysfs-tty). It needs no program that has them open.
void add_serial_lines(const Subject& subject, Reasons& reasons) {
  const auto lines = subject.input.sysfs.root() / "class/tty";
  const auto active = read_quietly(lines / "console/active");
  for (const auto line : split(active, ' ')) {
    const auto pci = line.empty() ? std::nullopt : pci_parent(lines / line);
    if (!pci || !has(subject.card, *pci)) continue;
    reasons.push_back(
        {.what = "the kernel writes its console on " + quoted_name(line) + " of " + pci->sysfs(),
         .fix = "boot without console=" + name_as_word(line)});
  }
}

// True if something is plugged into an output of the function: ".../drm/card0/card0-DP-1/status"
// (Documentation/gpu/drm-uapi.rst).
bool has_display(const Sysfs& sysfs, const PciAddress& pci) {
  for (const auto& card : entries_quietly(sysfs.device_path(pci) / "drm")) {
    for (const auto& output : entries_quietly(card)) {
      if (read_quietly(output / "status") == "connected") return true;
    }
  }
  return false;
}

// "drm_log0             -W- (EC   N  )": a kernel without virtual terminals writes its log on each
// display of a driver of DRM, and tells not on which (drivers/gpu/drm/clients/drm_log.c).
void add_log_displays(const Subject& subject, Reasons& reasons) {
  const auto consoles = read_quietly(subject.input.proc / "consoles");
  const auto lines = split(consoles, '\n');
  if (std::ranges::none_of(lines, [](auto line) { return line.starts_with("drm_log"); })) return;
  for (const auto& function : subject.card.functions) {
    if (!has_display(subject.input.sysfs, function.pci)) continue;
    reasons.push_back(
        {.what = "the kernel writes its log on a display of " + function.pci.sysfs() + " (drm_log)",
         .fix = "unplug that display, or boot without drm_client_lib.active=log"});
  }
}

Reasons probe_console(const Subject& subject) {
  Reasons reasons;
  if (const auto console = bound_console(subject.input.sysfs)) {
    const Drawn drawn(subject.input, *console);
    for (const auto& function : subject.card.functions) {
      if (const auto on = drawn.on(function)) {
        reasons.push_back({.what = function.pci.sysfs() + " shows the host's console (" + *on + ")",
                           .fix = drawn.fix()});
      }
    }
  }
  add_log_displays(subject, reasons);
  add_keyboards(subject, reasons);
  add_serial_lines(subject, reasons);
  return reasons;
}

}  // namespace

constinit const Guard kConsoleGuard{
    .name = "console",
    .help =
        "the host's console or the kernel's log is drawn on it, or a keyboard or a serial line of "
        "the console is on it",
    .probe = probe_console,
    .of_neighbours = true,
    .at_boot = AtBoot::told,
    .for_vms_alone = false};

}  // namespace cluster::agent
