#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# guard_foreign_test.sh HOST: a card is not taken from a program in a container, nor given back while a QEMU that libvirt
# does not know has it. Each is named with what ends it.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards sysfs
guest 'udevadm settle'

# held_in CGROUP COMMAND: runs COMMAND while a program of that control group has gpupci1's node open.
held_in() {
  guest "mkdir -p /sys/fs/cgroup$1"
  while_held "echo \$BASHPID >/sys/fs/cgroup$1/cgroup.procs
    exec 7<>/dev/dri/by-path/pci-0000:02:00.0-card; echo held; exec sleep 300" "$2"
}

# The service inside the container has the name of a service that the host may have, too.
held_in /lxc.payload.web/system.slice/nginx.service 'gpupci -d gpupci1'
expect_status 1
expect_no_out
expect_err 'cannot detach gpupci1: holder: '
expect_err 'lxc-stop'
! grep -q 'systemctl stop nginx' "$scratch/err" || fail "nginx.service is not the host's"
held_in /machine.slice/machine-build.scope/payload/init.scope 'gpupci -d gpupci1'
expect_status 1
expect_err 'machinectl poweroff build'

# A QEMU that somebody started by hand has the card through vfio.
agent -d gpupci1
expect_status 0
run guest_ssh '
  qemu-system-x86_64 -machine q35 -accel tcg -m 64 -nodefaults -display none -S -monitor none \
    -device vfio-pci,host=0000:02:00.0 -device vfio-pci,host=0000:02:00.1 >/run/qemu.log 2>&1 </dev/null &
  qemu=$!
  group=$(basename "$(readlink /sys/bus/pci/devices/0000:02:00.0/iommu_group)")
  until ls -l /proc/$qemu/fd 2>/dev/null | grep -q "/dev/vfio/$group"; do
    kill -0 $qemu || { cat /run/qemu.log >&2; exit 98; }
    sleep 0.2
  done
  status=0
  gpupci -a gpupci1 || status=$?
  kill $qemu
  wait $qemu
  exit $status'
expect_status 1
expect_no_out
expect_err 'cannot attach gpupci1: vm: '
expect_err 'kill '
! grep -q virsh "$scratch/err" || fail "libvirt does not know this VM"
agent -a gpupci1
expect_status 0
