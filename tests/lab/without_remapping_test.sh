#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# without_remapping_test.sh HOST CLUSTER: a host whose IOMMU remaps no interrupts says so before a VM fails to start, and
# when one fails. The machine is `without-remapping`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

guest 'echo N >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts'
fresh_cards libvirt
guest 'udevadm settle'
agent --check
expect_status 2
expect_checks '- PASS: H2' '- FAIL: H4'
grep -q '^H4 .*allow_unsafe_interrupts' "$scratch/out" || fail "both ways out were expected"

# A VM gets the card that the console is not drawn on. The kernel says why it does not start, in its log; QEMU does not.
card=gpupci1
[[ $(guest 'basename "$(readlink -f /sys/class/graphics/fb0/device)"') != 0000:01:00.0 ]] || card=gpupci2
changes add host without-remapping address=127.0.0.1 port="$(lab_info port)" user=root
cluster discover host gpu
expect_status 0
cluster detach host gpu without-remapping $card
expect_status 0
changes add host vm rocks-33 without-remapping mem=64 disksize=1
changes add host gpu rocks-33 gpupci $card
changes add attr vm_interface none
changes add host attr rocks-33 vm_type qemu
changes add host attr rocks-33 vm_cpu_mode maximum
cluster start host vm rocks-33
expect_status 1
expect_no_out
expect_err 'Operation not permitted'
expect_err '; the host remaps no interrupts (gpupci --check: H4), or its firmware keeps memory (H6)'
run guest 'dmesg | grep -o "No interrupt remapping support"'
expect_status 0

# The operator accepts the danger. This is not the same as a host without it.
guest 'echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts'
agent --check
! grep -q '^H4 .* PASS ' "$scratch/out" || fail "H4 should not pass"
changes start host vm rocks-33
changes stop host vm rocks-33 action=poweroff
