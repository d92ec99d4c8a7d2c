#!/bin/bash
# rollback_test.sh HOST libvirt|sysfs: a detach that fails half way leaves the card as it was.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

# An ordinary file takes the place of the audio function's driver_override. A program that writes there believes that it
# has worked, and the kernel hands the function back to snd_hda_intel. (libvirt reports success.)
override=/sys/bus/pci/devices/0000:02:00.1/driver_override
fresh_cards "$through"
guest "touch /run/nowhere && mount --bind /run/nowhere $override"
agent -d gpupci1
guest "umount $override"
expect_status 1
expect_no_out
expect_err 0000:02:00.1
expect_attached

# `all` names the card that failed and detaches the other.
guest "mount --bind /run/nowhere $override"
agent -d all
guest "umount $override"
expect_status 1
expect_err 0000:02:00.1
expect_drivers <<'END'
0000:02:00.0 bochs-drm
0000:02:00.1 snd_hda_intel
0000:03:00.0 vfio-pci
0000:03:00.1 vfio-pci
END

# This kernel has no vfio-pci at all.
fresh_cards "$through"
guest 'modprobe -r vfio-pci && echo "install vfio-pci /bin/false" >/etc/modprobe.d/lab.conf'
agent -d gpupci1
guest 'rm /etc/modprobe.d/lab.conf && modprobe vfio-pci'
expect_status 1
expect_no_out
expect_attached
