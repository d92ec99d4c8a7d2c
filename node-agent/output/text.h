#pragma once

#include <string>
#include <string_view>

#include "node-agent/state/wedged.h"
#include "node-agent/transaction/outcome.h"
#include "virt/node_devices.h"

namespace cluster::agent {

// gpupci prints the sentences of the gpupt roll's gpupci, word for word; scripts read them. Each
// function gives whole lines, or "" where there is nothing to say.

/// gpupci1 pci_0000_02_00_0
std::string list_line(const Card& card);

/// GPU card 'gpupci1' video device 0000:02:00.0 is linked to bus/pci/drivers/nvidia driver
/// GPU card 'gpupci1' audio device 0000:02:00.1 is not linked to a driver
/// GPU card 'gpupci1' leaves usb device 0000:02:00.3 to the host: it is of another vendor (1022)
std::string status_lines(const Card& card);

/// GPU card 'gpupci1' is wedged since 2026-11-21T01:20:00Z (no end of: ...); reboot the host
std::string wedged_line(const std::string& name, const Wedge& wedge);

/// GPU card 'gpupci1' is in the saved memory of VM 'rocks-33'
std::string saved_line(const std::string& name, const std::string& vm);

/// Detached GPU card 'gpupci1' video device 0000:02:00.0
/// GPU card 'gpupci1' audio device 0000:02:00.1 is already detached
/// Attached video card 0000:02:00.0 of gpupci1
/// gpupci1 audio card 0000:02:00.1 is already attached
/// GPU card 'gpupci1' usb device 0000:02:00.2 has no driver: no host driver has taken it
/// Not reattaching associated audio device 0000:02:00.1
/// A dry run prints the steps instead, as the shell lines that do the same. A line that is no step
/// is a comment.
std::string outcome_lines(const CardOutcome& outcome, virt::Mode mode);

/// gpupci: note: gpupci1: its IOMMU group is split: gpupci2 is still detached, ...
std::string note_lines(const CardOutcome& outcome);

/// gpupci: cannot detach gpupci1: holder: process 812 ('Xorg') has /dev/dri/card0 open; stop it ...
/// The reasons are those of the outcome; "" where all that was asked for happened.
std::string failure_line(std::string_view verb, const CardOutcome& outcome);

}  // namespace cluster::agent
