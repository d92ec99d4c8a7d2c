#!/bin/bash
# wedged_test.sh HOST libvirt|sysfs: a host driver never lets go of its card. gpupci ends and says so, and leaves that
# card alone from then on; without libvirt the other cards are as usable as before.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
through=${2:?libvirt or sysfs}

fresh_cards "$through"
settings 'devices: ["1b36:0005"]' 'functions: {"8086:2668": card}'
stubborn hold 0000:04:00.0

# gpupci ends within the deadline, which is 60 s elsewhere. libvirt has a tenth of it to list its VMs, and where that is
# too little for an emulated guest, the card goes by sysfs.
deadline=4
[[ $through == sysfs ]] || deadline=15
run guest_ssh "GPUPCI_DEADLINE=$deadline timeout 60 gpupci -d gpupci3"
expect_status 1
expect_no_out
expect_err "gpupci: cannot detach gpupci3: no end after $deadline s of: "
if grep -qF " s of: virsh " "$scratch/err"; then
  expect_err '; it is not tried again, libvirt may still do it: gpupci --restore afterwards'
else
  expect_err "; it is not tried again, see the kernel's log"
fi

# The card is refused without an attempt: an attempt would wait for its deadline.
for act in -d -a; do
  run guest_ssh "timeout 20 gpupci $act gpupci3"
  expect_status 1
  expect_no_out
  expect_err "gpupci3: wedged since 20"
  expect_err "; reboot the host"
done
agent -s gpupci3
expect_status 0
grep -qF "GPU card 'gpupci3' is wedged since 20" "$scratch/out" || fail "gpupci3 should be shown as wedged"

# A check says what is wrong, and does not wait for the task that is stuck.
run guest_ssh 'timeout 20 gpupci --check gpupci3'
expect_status 2
expect_no_err
grep -qE '^H9   -        FAIL     process [0-9]+ \(.*\) is stuck in the kernel; ' "$scratch/out" || fail "H9 should fail"
# With Linux 6.1 a program that reads driver_override has to wait; 6.12.117 answers.
grep -qE "^D12  gpupci3  (UNKNOWN .*/0000:04:00.0/driver_override does not answer|WARN     0000:04:00.0 is kept for driver 'vfio-pci')" \
  "$scratch/out" || fail "D12 should be unknown, or tell of the driver"

# libvirtd itself handles one card at a time, and waits for the first: the other cards go by sysfs.
for act in -d -a; do
  run guest_ssh "timeout 30 gpupci $act gpupci1 --json"
  expect_status 0
  grep -qF '"through":"sysfs"' "$scratch/out" || fail "gpupci $act gpupci1 should go by sysfs"
done

# When the driver lets go, the task that is stuck ends.
stubborn hold
guest 'while grep -qs stubborn_remove /proc/*/task/*/stack; do sleep 0.1; done'
agent --check gpupci3
grep -qF 'H9   -        PASS' "$scratch/out" || fail "H9 should pass"
