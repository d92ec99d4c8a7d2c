#include <algorithm>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

bool is_on(const Sysfs& sysfs, std::string_view parameter) {
  const auto text = read_file(sysfs.root() / "module/nvidia_drm/parameters" / parameter);
  return text && trim(*text) == "Y";
}

// True if a driver of DRM made a framebuffer for the card, "fb0" (Documentation/fb/api.rst). The
// parameters of the module say only that it would make one.
bool has_framebuffer(const Sysfs& sysfs, const PciAddress& pci) {
  return std::ranges::any_of(
      entries_quietly(sysfs.device_path(pci) / "graphics"),
      [](const auto& entry) { return entry.filename().native().starts_with("fb"); });
}

// In that case a console of the kernel has the card open, and NVIDIA's driver waits until the
// console lets go.
Reasons probe_fbdev(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    if (function.driver != "nvidia" || !is_on(sysfs, "fbdev")) continue;
    if (!has_framebuffer(sysfs, function.pci)) continue;
    return {{.what = "nvidia_drm draws the console on its cards (fbdev)",
             .fix = "options nvidia_drm fbdev=0 modeset=0 in /etc/modprobe.d, and reboot"}};
  }
  return {};
}

}  // namespace

constinit const Guard kFbdevGuard{
    .name = "fbdev",
    .help = "`nvidia_drm` draws the kernel's console on it, and never lets go",
    .probe = probe_fbdev,
    .of_neighbours = false,
    .at_boot = AtBoot::nothing,
    .for_vms_alone = false};

}  // namespace cluster::agent
