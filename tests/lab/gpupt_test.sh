#!/bin/bash
# shellcheck disable=SC2016 # it is the guest that expands
# gpupt_test.sh HOST CLUSTER: roll gpupt, applied from the frontend, prepares a host that nobody prepared, so that it
# can give its cards to VMs; gpupci --check says so. It is still so after a reboot, and then nothing is left to do. The
# machine is `unprepared`.
#
# These are real: sshd, the packages as dpkg has them, the kernel, its command line and its IOMMU, the drivers, gpupci.
# These are not real: GRUB, whose files QEMU's -kernel does not read (tests/lab/guest/unprepared has its stand-in); the
# initramfs, which is the lab's, so the roll's changes to it have no effect; modules-load.d and gpupci's unit, which the
# lab's init reads and not systemd.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"
roll=$(cd "$(dirname "$0")/../../rolls/gpupt" && pwd)
gpupci=${CLUSTER_LAB_GPUPCI:?the program gpupci}

# The guest has the packages of this machine, and reaches no mirror.
for package in $(sed -n 's/^ *debian: \[\(.*\)\]$/\1/p' "$roll/roll.yaml" | tr -d ,); do
  if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
    echo "skipped: $package is not installed; tests/support/packages.sh install rolls"
    exit 77
  fi
done

# apply: applies the roll to the host. stdout has the outcome and the messages about it.
apply() { cluster run roll gpupt host=unprepared apply=yes; }
expect_outcome() {
  grep -qE "^unprepared: gpupt +$1 +$2" "$scratch/out" || fail "outcome '$1' with '$2' was expected"
}

# started: does the work that follows each boot: udev loads KVM's module for the CPU, as on any host.
started() {
  guest 'udevadm trigger --action=add --subsystem-match=cpu; udevadm settle'
}

expect_cards() {
  expect_drivers <<END
0000:01:00.0 ${1:-vfio-pci}
0000:01:00.1 ${2:-vfio-pci}
0000:02:00.0 ${1:-vfio-pci}
0000:02:00.1 ${2:-vfio-pci}
END
}

# At first there is no IOMMU, no vfio and no gpupci, and the cards belong to the host.
started
run guest 'ls -A /sys/kernel/iommu_groups /etc/gpupci /etc/modprobe.d /etc/modules-load.d; ! grep ^vfio /proc/modules; ! command -v gpupci'
expect_done <<'END'
/etc/gpupci:

/etc/modprobe.d:

/etc/modules-load.d:

/sys/kernel/iommu_groups:
END
expect_cards bochs-drm snd_hda_intel

changes add host unprepared appliance=vm-container address=127.0.0.1 port="$(lab_info port)" user=root
changes add host gpu unprepared gpupci1 pci_0000_01_00_0
changes add host gpu unprepared gpupci2 pci_0000_02_00_0
changes add roll "$roll"
changes enable roll gpupt
changes set attr gpupt_vendors '"1234"'

# A dry run changes nothing. Without gpupci the script says what is missing, and how to install it.
cluster run roll gpupt host=unprepared apply=yes dryrun=yes
expect_status 0
expect_outcome 'done' 'dry run: '
run guest 'ls -A /etc/gpupci'
expect_done </dev/null
apply
expect_status 1
expect_outcome failed 'gpupci is there'

"$lab" push "$host" "$gpupci"
apply
expect_status 0
expect_outcome reboot 'reboot needed '
expect_cards bochs-drm snd_hda_intel

# The kernel line that the roll wrote turns the IOMMU on, and the cards can be detached.
"$lab" reboot "$host" --keep
started
changes set host unprepared port="$(lab_info port)"
run guest 'grep -ow intel_iommu=on /proc/cmdline; ls /sys/kernel/iommu_groups | grep -qx 0; grep -ow ^vfio_pci /proc/modules'
expect_done <<'END'
intel_iommu=on
vfio_pci
END
apply
expect_status 0
expect_outcome 'done' 'done, 1 changed'
expect_cards
agent --check
expect_status 0
expect_no_err

# No step is left to do. It is still so after another reboot, with gpupci's own unit.
apply
expect_status 0
expect_outcome 'done' 'done, nothing had to be changed'
"$lab" reboot "$host" --keep
started
changes set host unprepared port="$(lab_info port)"
expect_cards
apply
expect_status 0
expect_outcome 'done' 'done, nothing had to be changed'
