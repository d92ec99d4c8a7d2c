#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# shared_group_test.sh HOST libvirt|sysfs: two cards in one IOMMU group are taken together or not at all. The machine is
# `bridged-card`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

fresh_cards "$through"
guest 'udevadm settle'
run guest 'cd /sys/bus/pci/devices/0000:06:01.0/iommu_group/devices && echo *'
expect_done <<'END'
0000:05:00.0 0000:06:01.0 0000:06:01.1 0000:06:02.0
END

# expect_untouched: both cards of the group belong to the host.
expect_untouched() {
  drivers | grep '^0000:06' >"$scratch/drivers"
  diff -u - "$scratch/drivers" >&2 <<'END' || fail "both cards should be the host's"
0000:06:01.0 bochs-drm
0000:06:01.1 snd_hda_intel
0000:06:02.0 bochs-drm
END
}

# One of them alone is of no use to a VM.
agent -d gpupci4
expect_status 1
expect_no_out
expect_err 'gpupci: cannot detach gpupci4: group: '
expect_err '0000:06:02.0'
expect_untouched

# A program has one of them open: the other one stays, too. Cards elsewhere are not concerned.
node=$(guest 'basename "$(ls -d /sys/bus/pci/devices/0000:06:02.0/drm/card*)"')
run guest_ssh "exec 7<>/dev/dri/$node; gpupci -d all; exit \$?"
expect_status 1
expect_err 'gpupci: cannot detach gpupci5: holder: process '
expect_err 'gpupci: cannot detach gpupci4: group: '
expect_untouched
agent -a gpupci1
agent -a gpupci3

# Both at once.
agent --check all
expect_checks 'gpupci4 WARN: D4' 'gpupci5 WARN: D4'
agent -d all
expect_status 1
expect_err 'gpupci: cannot detach gpupci2: group: '
drivers | grep '^0000:06' >"$scratch/drivers"
diff -u - "$scratch/drivers" >&2 <<'END' || fail "both cards should be detached"
0000:06:01.0 vfio-pci
0000:06:01.1 vfio-pci
0000:06:02.0 vfio-pci
END
run guest 'basename "$(readlink /sys/bus/pci/devices/0000:05:00.0/driver)" || true'
! grep -q vfio "$scratch/out" || fail "the bridge above the cards should stay with the host"
agent -a all
expect_untouched
