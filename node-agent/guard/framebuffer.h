#pragma once

#include <optional>
#include <string>

#include "node-agent/guard/guard_input.h"
#include "node-agent/kernel/display.h"
#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// A framebuffer that the firmware left in the memory of a function, and that a driver which knows
/// nothing of the card still uses.
struct FirmwareFramebuffer {
  std::string name;           ///< "efifb": what its driver calls it in /proc/iomem
  std::optional<int> region;  ///< of the function; nothing when only its device in sysfs tells

  bool operator==(const FirmwareFramebuffer&) const = default;
};

/// True for a name that a driver for framebuffers of the firmware gives to its memory
/// (drivers/firmware/sysfb*.c, drivers/video/fbdev, drivers/gpu/drm/sysfb).
bool is_firmware_name(std::string_view name);

/// The framebuffer in the memory of the function. Its place decides, and not its name: in a region
/// of a display, whatever does not belong to its driver is the firmware's.
std::optional<FirmwareFramebuffer> firmware_framebuffer(const Sysfs& sysfs,
                                                        const std::vector<MemoryRange>& memory,
                                                        const PciFunction& function);

}  // namespace cluster::agent
