#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# half_detached_test.sh HOST libvirt|sysfs: somebody else has already detached a part of a card, or gives a detached card
# back to the host.
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

# The other card comes back as a whole, and gpupci is not asked. Only its record tells that it was to stay away.
if [[ $through == libvirt ]]; then
  guest 'for f in 0 1; do virsh -q nodedev-reattach pci_0000_03_00_$f; done'
else
  guest 'for f in 0000:03:00.0 0000:03:00.1; do
    echo >/sys/bus/pci/devices/$f/driver_override
    echo $f >/sys/bus/pci/devices/$f/driver/unbind
    echo $f >/sys/bus/pci/drivers_probe
  done'
fi
expect_attached
agent --check all
expect_status 2
expect_checks 'gpupci1 PASS: D5' 'gpupci2 FAIL: D5'
grep -qF 'gpupci detached it, and the host has it again (0000:03:00.0 is on bochs-drm); gpupci -d gpupci2, or gpupci -a gpupci2 when the host is to keep it' \
  "$scratch/out" || fail "both ways out were expected"

# Each of the two ways ends it.
agent -d gpupci2
expect_status 0
agent --check gpupci2
expect_checks 'gpupci2 PASS: D5'
agent -a gpupci2
expect_status 0
agent --check gpupci2
expect_checks 'gpupci2 PASS: D5'
