#pragma once

#include "virt/domain_merging.h"

// What libvirt chooses for the firmware of a guest. Only virt/ includes this header.

namespace cluster::virt {

/// What changed about the firmware.
enum class FirmwareChange {
  other_image,  ///< another image of the same kind
  other_kind,   ///< BIOS instead of UEFI, or the other way round
};

/// Takes out what libvirt chose for the firmware, or would refuse beside another. The file of the
/// guest's variables stays named while there is an UEFI.
void choose_firmware_anew(Merging& merging, FirmwareChange change);

/// What follows from another firmware, or other features of one. A loader or variables that
/// somebody made by hand are drift.
void follow_firmware(Merging& merging);

}  // namespace cluster::virt
