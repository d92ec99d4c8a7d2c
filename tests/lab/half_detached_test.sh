#!/bin/bash
# half_detached_test.sh HOST libvirt|sysfs: somebody else has already detached a part of a card.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

fresh_cards "$through"

# The audio function of the first card is with vfio-pci. That of the second card has no driver at all.
guest '
  echo vfio-pci >/sys/bus/pci/devices/0000:02:00.1/driver_override
  echo 0000:02:00.1 >/sys/bus/pci/devices/0000:02:00.1/driver/unbind
  echo 0000:02:00.1 >/sys/bus/pci/drivers_probe
  echo 0000:03:00.1 >/sys/bus/pci/devices/0000:03:00.1/driver/unbind'
expect_drivers <<'END'
0000:02:00.0 bochs-drm
0000:02:00.1 vfio-pci
0000:03:00.0 bochs-drm
0000:03:00.1 none
END

agent -s all
expect_done <<'END'
GPU card 'gpupci1' video device 0000:02:00.0 is linked to bus/pci/drivers/bochs-drm driver
GPU card 'gpupci1' audio device 0000:02:00.1 is linked to bus/pci/drivers/vfio-pci driver
GPU card 'gpupci2' video device 0000:03:00.0 is linked to bus/pci/drivers/bochs-drm driver
GPU card 'gpupci2' audio device 0000:03:00.1 is not linked to a driver
END

agent -d all
expect_done <<'END'
Detached GPU card 'gpupci1' video device 0000:02:00.0
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

# After an attach the host has the whole card again, even the part that we did not take.
agent -a gpupci1
expect_done <<'END'
Attached video card 0000:02:00.0 of gpupci1
Attached audio card 0000:02:00.1 of gpupci1
END
expect_drivers <<'END'
0000:02:00.0 bochs-drm
0000:02:00.1 snd_hda_intel
0000:03:00.0 vfio-pci
0000:03:00.1 vfio-pci
END
