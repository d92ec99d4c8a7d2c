#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# libvirtd_killed_test.sh HOST: libvirtd is killed while gpupci waits for it. The message of gpupci is true then, and
# --restore makes the card whole.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards libvirt
settings 'devices: ["1b36:0005"]' 'functions: {"8086:2668": card}'

# see: sets `found` to the drivers of both functions.
see() {
  found=$(guest 'for f in 0 1; do basename "$(readlink /sys/bus/pci/devices/0000:04:00.$f/driver || echo none)"; done' | xargs)
}
# while_killed ARGS PREPARE WAIT: runs gpupci ARGS and kills libvirtd meanwhile. PREPARE runs before; WAIT ends at the
# moment of the kill.
while_killed() {
  run guest_ssh "
    libvirtd=\$(cat /run/libvirtd.pid)
    $2
    timeout 60 gpupci $1 & gpupci=\$!
    until $3; do sleep 0.05; done
    kill -KILL \$libvirtd
    echo >/sys/module/stubborn/parameters/hold
    wait \$gpupci"
  see
  record=$(guest 'cat /var/lib/gpupci/drivers.json 2>/dev/null || true')
}
# expect_truth ACT: ACT is done and gpupci says so; or it is not done and gpupci says so, and the functions are as
# before or --restore knows them.
expect_truth() {
  case $1$status in
    detached0) [[ $found == 'vfio-pci vfio-pci' && $record == *04:00.0*04:00.1* ]] ;;
    detached1) [[ -s $scratch/err && ($found == 'stubborn snd_hda_intel' || $record == *04:00.0*) ]] ;;
    attached0) [[ $found == 'stubborn snd_hda_intel' && -z $record ]] ;;
    attached1) [[ -s $scratch/err && $record == *04:00.* ]] ;;
    *) false ;;
  esac || fail "that is not true: the functions are on $found, the record is '$record'"
  echo "$1: status $status, the functions are on $found"
  agent --restore
  expect_status 0
  see
  [[ $found == 'vfio-pci vfio-pci' || $found == 'stubborn snd_hda_intel' ]] || fail "a half card: $found"
  guest 'rm -f /run/libvirtd.pid; lab-libvirtd start'
}
waits='[ -n "$(pgrep -x gpupci-worker)" ]'

# libvirtd is killed before it has let gpupci in.
while_killed '-d gpupci3' 'kill -STOP $libvirtd' "$waits"
expect_truth detached

# libvirtd is killed in the middle: the kernel is taking the first function from its driver.
guest 'gpupci -a gpupci3 >/dev/null'
while_killed '-d gpupci3' 'echo 0000:04:00.0 >/sys/module/stubborn/parameters/hold' \
  'grep -qs stubborn_remove /proc/$libvirtd/task/*/stack'
expect_truth detached

# libvirtd is killed on the way back.
guest 'gpupci -d gpupci3 >/dev/null'
while_killed '-a gpupci3' 'kill -STOP $libvirtd' "$waits"
expect_truth attached
