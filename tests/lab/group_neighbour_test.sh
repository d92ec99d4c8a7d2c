#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# group_neighbour_test.sh HOST libvirt|sysfs: tests a card whose IOMMU group has a device of the host, and a card with a
# single function. The machine is `bridged-card`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

fresh_cards "$through"
agent -l
expect_done <<'END'
gpupci1 pci_0000_01_00_0
gpupci2 pci_0000_03_01_0
gpupci3 pci_0000_04_00_0
gpupci4 pci_0000_06_01_0
gpupci5 pci_0000_06_02_0
END

# The kernel confirms the premise: the card, the bridge above it and the NIC are one group.
run guest 'cd /sys/bus/pci/devices/0000:03:01.0/iommu_group/devices && echo *'
expect_done <<'END'
0000:02:00.0 0000:03:01.0 0000:03:01.1 0000:03:02.0
END

# vfio would not let a VM start with it, but libvirt detaches it nevertheless.
agent -d gpupci2
expect_status 1
expect_no_out
expect_err 'gpupci: cannot detach gpupci2: group: 0000:03:02.0 (class 0200, driver e1000) shares IOMMU group '
expect_drivers <<'END'
0000:01:00.0 bochs-drm
0000:01:00.1 snd_hda_intel
0000:03:01.0 bochs-drm
0000:03:01.1 snd_hda_intel
0000:04:00.0 bochs-drm
0000:06:01.0 bochs-drm
0000:06:01.1 snd_hda_intel
0000:06:02.0 bochs-drm
END
run guest 'basename "$(readlink /sys/bus/pci/devices/0000:03:02.0/driver)"'
expect_done <<'END'
e1000
END

# A card with one function is a card. `all` detaches the others and names the one that it refused.
agent -d all
expect_status 1
expect_out <<'END'
Detached GPU card 'gpupci1' video device 0000:01:00.0
Detached GPU card 'gpupci1' audio device 0000:01:00.1
Detached GPU card 'gpupci3' video device 0000:04:00.0
Detached GPU card 'gpupci4' video device 0000:06:01.0
Detached GPU card 'gpupci4' audio device 0000:06:01.1
Detached GPU card 'gpupci5' video device 0000:06:02.0
END
expect_err 0000:03:02.0
expect_drivers <<'END'
0000:01:00.0 vfio-pci
0000:01:00.1 vfio-pci
0000:03:01.0 bochs-drm
0000:03:01.1 snd_hda_intel
0000:04:00.0 vfio-pci
0000:06:01.0 vfio-pci
0000:06:01.1 vfio-pci
0000:06:02.0 vfio-pci
END
agent -a gpupci3
expect_done <<'END'
Attached video card 0000:04:00.0 of gpupci3
END

# Once the host has let go of the neighbour, nothing is in the way.
guest 'echo 0000:03:02.0 >/sys/bus/pci/drivers/e1000/unbind'
agent -d gpupci2
guest 'echo 0000:03:02.0 >/sys/bus/pci/drivers_probe'
expect_done <<'END'
Detached GPU card 'gpupci2' video device 0000:03:01.0
Detached GPU card 'gpupci2' audio device 0000:03:01.1
END
expect_drivers <<'END'
0000:01:00.0 vfio-pci
0000:01:00.1 vfio-pci
0000:03:01.0 vfio-pci
0000:03:01.1 vfio-pci
0000:04:00.0 bochs-drm
0000:06:01.0 vfio-pci
0000:06:01.1 vfio-pci
0000:06:02.0 vfio-pci
END
