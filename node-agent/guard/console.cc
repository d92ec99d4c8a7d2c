#include <optional>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

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

// The host's console is on the card: the firmware started with it (`boot_vga`) and a framebuffer
// has a console (/sys/class/vtconsole, Documentation/driver-api/fbdev or console.rst).
Reasons probe(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    if (sysfs.attribute(function.pci, "boot_vga") != "1") continue;
    if (const auto console = framebuffer_console(sysfs)) {
      return {{.what = function.pci.sysfs() + " shows the host's console (" + *console + ")",
               .fix = "make another card the primary one in the firmware, or echo 0 >" +
                      (sysfs.root() / "class/vtconsole" / *console / "bind").native()}};
    }
  }
  return {};
}

}  // namespace

constinit const Guard kConsoleGuard{
    .name = "console",
    .help = "the firmware started with it and the host's console is drawn on it",
    .probe = probe};

}  // namespace cluster::agent
