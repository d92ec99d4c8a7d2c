#include "node-agent/cards/belonging.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

constexpr std::uint16_t kAudio = 0x0403;
constexpr std::uint16_t kUsb = 0x0c03;
constexpr std::uint16_t kUsbC = 0x0c80;    // the USB-C controller of NVIDIA's and AMD's cards
constexpr std::uint16_t kSerial = 0x0700;  // the same on some
constexpr std::uint16_t kAti = 0x1002;

bool is_port(const PciFunction& function) {
  return function.device_class == kUsb || function.device_class == kUsbC ||
         function.device_class == kSerial;
}

// A function of base class ff is of no class that the standard knows.
bool comes_with_gpus(const PciFunction& function) {
  return is_gpu(function) || is_port(function) || function.device_class == kAudio ||
         function.device_class >> 8U == 0xff;
}

std::uint16_t id(const Sysfs& sysfs, const PciFunction& function, std::string_view attribute) {
  try {
    const auto text = sysfs.attribute(function.pci, attribute).value_or("");
    return text.starts_with("0x") ? parse_hex4(std::string_view(text).substr(2)).value_or(0) : 0;
  } catch (const Error&) {
    return 0;
  }
}

// The maker of the board that the function is on. Cards also have functions with the ids of the
// chip's vendor there, or with none.
std::optional<std::string> other_maker(const PciFunction& function, const PciFunction& gpu,
                                       const Sysfs& sysfs) {
  const auto maker = id(sysfs, function, "subsystem_vendor");
  if (maker == 0 || maker == function.vendor) return std::nullopt;
  const auto of_gpu = id(sysfs, gpu, "subsystem_vendor");
  if (of_gpu == 0 || of_gpu == gpu.vendor || of_gpu == maker) return std::nullopt;
  return "it is of another maker (" + hex4(maker) + ")";
}

// True if the slot has this sound function and displays, and nothing else. No machine is made so:
// an APU has its security processor and its USB controllers there.
bool is_lone_sound(const PciFunction& function, const Slot& slot) {
  return function.device_class == kAudio && !slot.unread &&
         std::ranges::all_of(slot.functions, [&](const PciFunction& other) {
           return other.pci == function.pci || is_gpu(other);
         });
}

std::optional<std::string> not_of_gpu(const PciFunction& function, const PciFunction& gpu,
                                      const Slot& slot, const Sysfs& sysfs) {
  if (function.vendor != gpu.vendor) {
    if (is_lone_sound(function, slot)) return std::nullopt;
    return "it is of another vendor (" + hex4(function.vendor) + ")";
  }
  if (!comes_with_gpus(function)) {
    return "no GPU brings a function of class " + hex4(function.device_class);
  }
  if (is_gpu(function)) return std::nullopt;
  // The sound of a display is all that an APU has of the GPU's vendor. A chipset has its own.
  const bool is_sound = function.device_class == kAudio;
  const bool of_machine = std::ranges::any_of(slot.functions, [&](auto& other) {
    return other.vendor == gpu.vendor ? !comes_with_gpus(other) : !is_sound;
  });
  if (of_machine) return "its slot has functions of the machine";
  if (is_sound) return std::nullopt;
  if (slot.unread) return "its slot has a function that cannot be read";
  return other_maker(function, gpu, sysfs);
}

}  // namespace

bool is_gpu(const PciFunction& function) {
  const auto base = function.device_class >> 8U;
  return base == 0x03 || base == 0x12;
}

bool is_bridge(const Sysfs& sysfs, const PciFunction& function) {
  constexpr std::uint16_t kOtherBridge = 0x0680;
  if (function.device_class >> 8U != 0x06) return sysfs.is_bridge(function.pci);
  return function.device_class != kOtherBridge || sysfs.header_type(function.pci) != 0U;
}

std::optional<std::string> left_to_host(const PciFunction& function, const Slot& slot,
                                        const Sysfs& sysfs, const Settings& settings) {
  const PciModel model{function.vendor, function.device};
  if (function.device_class >> 8U == 0x06 && is_bridge(sysfs, function)) return "it is a bridge";
  if (settings.ignore.has(function.pci, model)) return "'ignore' of the settings names it";
  if (std::ranges::find(slot.makers, function.pci) != slot.makers.end()) return std::nullopt;
  if (const auto belongs = settings.belongs(function.pci, model)) {
    if (!*belongs) return "'functions' of the settings says so";
    return is_bridge(sysfs, function) ? std::optional<std::string>("it is a bridge") : std::nullopt;
  }
  const auto gpu = std::ranges::find_if(slot.functions, [&](const auto& one) {
    return is_gpu(one) && std::ranges::find(slot.makers, one.pci) != slot.makers.end();
  });
  if (gpu == slot.functions.end()) return "the settings do not name it";
  return not_of_gpu(function, *gpu, slot, sysfs);
}

bool is_management_display(const Sysfs& sysfs, const PciFunction& function) {
  struct Display {
    std::uint16_t device;
    std::uint16_t subsystem_vendor;  // 0 for all of the model
    std::uint16_t subsystem_device;
  };
  // By the names in pci.ids (of 5969 in radeon(4) of X.Org): ES1000 and Rage XL are what servers of
  // ten makers have on their boards. The Radeon 7000 was sold as a card, too; these are on boards
  // of servers, or on IBM's Remote Supervisor Adapter.
  constexpr std::array kDisplays{Display{0x515e, 0, 0},           Display{0x5969, 0, 0},
                                 Display{0x4752, 0, 0},           Display{0x5159, 0x1014, 0x029a},
                                 Display{0x5159, 0x1014, 0x02c8}, Display{0x5159, 0x1028, 0x016c},
                                 Display{0x5159, 0x1028, 0x016d}, Display{0x5159, 0x1028, 0x0170},
                                 Display{0x5159, 0x1028, 0x019a}};
  if (function.vendor != kAti) return false;
  return std::ranges::any_of(kDisplays, [&](const Display& one) {
    if (one.device != function.device) return false;
    return one.subsystem_vendor == 0 ||
           (one.subsystem_vendor == id(sysfs, function, "subsystem_vendor") &&
            one.subsystem_device == id(sysfs, function, "subsystem_device"));
  });
}

}  // namespace cluster::agent
