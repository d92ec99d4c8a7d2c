#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# odd_slots_test.sh HOST: a card with a region that has no address is said to be of no use to a VM; the display of a
# chipset goes without the bridge in its slot. The machine is `odd-slots`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards sysfs
settings 'devices: ["1b36:0005"]'
agent -l
expect_done <<'END'
gpupci1 pci_0000_00_1d_1
gpupci2 pci_0000_01_00_0
END

# The kernel's log says "BAR 2: no space", and its table of regions has a line of zeros.
run guest 'sed -n 3p /sys/bus/pci/devices/0000:01:00.0/resource'
expect_done <<'END'
0x0000000000000000 0x0000000000000000 0x0000000000000000
END
agent --check gpupci2
expect_checks 'gpupci2 FAIL: D18'
grep -q '^D18 .*region 2 of 0000:01:00\.0 has no address' "$scratch/out" || fail "the region was expected to be named"
agent --check gpupci1
expect_checks 'gpupci1 PASS: D4 D18'

agent -s gpupci1
expect_done <<'END'
GPU card 'gpupci1' video device 0000:00:1d.1 is linked to bus/pci/drivers/bochs-drm driver
GPU card 'gpupci1' leaves function device 0000:00:1d.0 to the host: it is a bridge
END
agent -d gpupci1
expect_done <<'END'
Detached GPU card 'gpupci1' video device 0000:00:1d.1
END
run guest 'for function in 0 1; do basename "$(readlink /sys/bus/pci/devices/0000:00:1d.$function/driver)"; done'
expect_done <<'END'
pcieport
vfio-pci
END
agent -a gpupci1
expect_done <<'END'
Attached video card 0000:00:1d.1 of gpupci1
END
