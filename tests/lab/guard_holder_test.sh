#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# guard_holder_test.sh HOST: a card is not taken while a program has it open or mapped, nor given back while a
# VM has it.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards sysfs
guest 'udevadm settle'

# The program has one open file, by another name than the one in /dev.
while_held 'mknod -m 600 /run/by-another-name c 226 0; exec 7<>/run/by-another-name; echo held; exec sleep 300' \
  'gpupci -d gpupci1'
expect_status 1
expect_no_out
expect_err 'cannot detach gpupci1: holder: process '
expect_err " ('sleep') has /dev/dri/card0 open; stop it (kill "
expect_attached

# Nobody uses the other card. A dry run says the same as the act; both cards are asked for at once.
while_held 'exec 7<>/dev/dri/card0; echo held; exec sleep 300' 'gpupci -d all --dry-run'
expect_status 1
expect_err 'cannot detach gpupci1: holder: '
grep -q '0000:03:00.0 on bochs-drm' "$scratch/out" || fail "the steps for the second card were expected"
expect_attached

# The program has only a mapping, which is in no list of open files.
guest_ssh 'cat >/run/map.pl' <<'END'
# This is a buffer of a DRM node, by the numbers of drm_mode.h. It is created and mapped, and the node is closed again.
open my $card, "+<", $ARGV[0] or die "open: $!";
my $buffer = pack "LLLLLLQ", 64, 64, 32, 0, 0, 0, 0;
ioctl $card, 0xc02064b2, $buffer or die "DRM_IOCTL_MODE_CREATE_DUMB: $!";
my $map = pack "LLQ", (unpack "LLLLLLQ", $buffer)[4], 0, 0;
ioctl $card, 0xc01064b3, $map or die "DRM_IOCTL_MODE_MAP_DUMB: $!";
syscall(9, 0, 4096, 3, 1, fileno $card, (unpack "LLQ", $map)[2]) != -1 or die "mmap: $!";
close $card;
$| = 1;
print "held\n";
sleep 300;
END
while_held 'exec perl /run/map.pl /dev/dri/card0' 'ls -l /proc/$HOLDER/fd | grep dri; gpupci -d gpupci1'
expect_status 1
expect_no_out
expect_err " ('perl') has /dev/dri/card0 open; stop it (kill "
expect_attached

# The second function counts like the first, and only the named guard is overridden.
while_held 'exec 7<>/dev/snd/controlC0; echo held; exec sleep 300' 'gpupci -d gpupci1 --force=console'
expect_status 1
expect_err " ('sleep') has /dev/snd/controlC0 open; stop it (kill "
expect_attached
while_held 'exec 7<>/dev/snd/controlC0; echo held; exec sleep 300' 'gpupci -d gpupci1 --dry-run --force=console,holder'
expect_status 0
expect_no_err
expect_attached

# A VM has the card: vfio-pci would wait for ever until the VM ends.
agent -d gpupci1
expect_status 0
group=$(guest 'basename "$(readlink /sys/bus/pci/devices/0000:02:00.0/iommu_group)"')
while_held "exec 7<>/dev/vfio/$group; echo held; exec perl -e 'sleep 300' -- -name guest=rocks-33,debug-threads=on" \
  'gpupci -a gpupci1'
expect_status 1
expect_no_out
expect_err "cannot attach gpupci1: vm: VM 'rocks-33' runs with it (process "
expect_err " has /dev/vfio/$group open); virsh shutdown rocks-33"
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END
agent -d gpupci2 --force=vm
expect_status 2
agent -a gpupci1
expect_done <<'END'
Attached video card 0000:02:00.0 of gpupci1
Attached audio card 0000:02:00.1 of gpupci1
END
