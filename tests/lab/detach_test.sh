#!/bin/bash
# detach_test.sh HOST libvirt|sysfs: two cards with two functions go to vfio-pci and come back.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

fresh_cards "$through"

agent -l
expect_done <<'END'
gpupci1 pci_0000_02_00_0
gpupci2 pci_0000_03_00_0
END

agent -s all
expect_done <<'END'
GPU card 'gpupci1' video device 0000:02:00.0 is linked to bus/pci/drivers/bochs-drm driver
GPU card 'gpupci1' audio device 0000:02:00.1 is linked to bus/pci/drivers/snd_hda_intel driver
GPU card 'gpupci2' video device 0000:03:00.0 is linked to bus/pci/drivers/bochs-drm driver
GPU card 'gpupci2' audio device 0000:03:00.1 is linked to bus/pci/drivers/snd_hda_intel driver
END

# A dry run changes nothing.
agent --dry-run -d all
expect_status 0
expect_attached

# Only one card is detached: the other stays with the host.
agent -d gpupci1
expect_done <<'END'
Detached GPU card 'gpupci1' video device 0000:02:00.0
Detached GPU card 'gpupci1' audio device 0000:02:00.1
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END
expect_through "$through" 0000:02:00.0 0000:02:00.1

# `all` does not fail when a card is already detached.
agent -d all
expect_done <<'END'
GPU card 'gpupci1' video device 0000:02:00.0 is already detached
GPU card 'gpupci1' audio device 0000:02:00.1 is already detached
Detached GPU card 'gpupci2' video device 0000:03:00.0
Detached GPU card 'gpupci2' audio device 0000:03:00.1
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 vfio-pci
0000:03:00.1 vfio-pci
END

agent -s gpupci1
expect_done <<'END'
GPU card 'gpupci1' video device 0000:02:00.0 is linked to bus/pci/drivers/vfio-pci driver
GPU card 'gpupci1' audio device 0000:02:00.1 is linked to bus/pci/drivers/vfio-pci driver
END

# The card is not there: nothing happens, and the answer is no success.
agent -a gpupci9
expect_status 1
expect_no_out
expect_err "GPU card gpupci9 not found"

agent -a gpupci2
expect_done <<'END'
Attached video card 0000:03:00.0 of gpupci2
Attached audio card 0000:03:00.1 of gpupci2
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END

agent -a gpupci1
expect_status 0
expect_attached

# No driver_override stays behind: it would hand the card to vfio-pci at the next probe.
run guest 'cat /sys/bus/pci/devices/0000:0[23]:00.*/driver_override'
expect_done <<'END'
(null)
(null)
(null)
(null)
END
