# shellcheck shell=bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# Asserts for tests on a machine of the lab that is up. A test sources this file; it sets `host` to the machine's name,
# the first argument. A failed assert prints the expected value and the real one, and ends the test.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/lab
host=${1:?the name of a machine that is up}
ran='nothing yet'
status=
scratch=$(mktemp -d)
touch "$scratch/out" "$scratch/err"
end_test() {
  local connection
  for connection in "$scratch"/connection-*; do
    [[ ! -e $connection ]] || ssh -F /dev/null -o ControlPath="$connection" -O exit any 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap end_test EXIT

# lab_info NAME: prints the value NAME of `lab info` for the machine. Its `port` changes with each boot.
lab_info() { "$lab" info "$host" | sed -n "s/^$1=//p"; }

ssh_config=$(lab_info ssh_config)
[[ -n $ssh_config ]] || exit 1
# A test uses one connection: for an emulated CPU a login takes ten times as long as a command.
cat >"$scratch/one_connection" <<END
ControlMaster auto
ControlPath $scratch/connection-%n
ControlPersist yes
Include "$ssh_config"
END

# guest_ssh COMMAND: returns the status of the command, or 255 without a connection.
guest_ssh() { ssh -F "$scratch/one_connection" "$host" "$@"; }

fail() {
  local frame=1
  # This is the line of the test, not the line of the assert that it called.
  while [[ ${BASH_SOURCE[frame]} == "${BASH_SOURCE[0]}" ]]; do frame=$((frame + 1)); done
  echo "FAILED at ${BASH_SOURCE[frame]##*/}:${BASH_LINENO[frame - 1]}: $1" >&2
  echo "  command: $ran" >&2
  echo "  status:  $status" >&2
  sed 's/^/  stdout:  /' "$scratch/out" >&2
  sed 's/^/  stderr:  /' "$scratch/err" >&2
  exit 1
}

# run COMMAND...: sets `status`, and keeps stdout and stderr for the asserts.
run() {
  ran="$*"
  status=0
  "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
}

# agent ARGS: runs gpupci in the guest, as `run` does.
agent() {
  run guest_ssh "gpupci $*"
  ((status != 255)) || fail "no ssh to $host"
}

# use_cluster PROGRAM: makes an inventory for this test, and sets the way to the guest.
use_cluster() {
  cluster_program=$1
  export CLUSTER_DB=$scratch/cluster.db CLUSTER_SSH_CONFIG=$ssh_config
}

# cluster ARGUMENTS: runs that program, as `run` does.
cluster() { run "$cluster_program" "$@"; }

# changes ARGUMENTS: runs cluster with a command that prints nothing when it worked.
changes() {
  cluster "$@"
  expect_done </dev/null
}

# while_held PROGRAM COMMAND: runs COMMAND in the guest, as `run` does, while PROGRAM runs there. PROGRAM says "held" once
# it holds what it should hold. HOLDER in COMMAND is its pid.
while_held() {
  # shellcheck disable=SC2029 # both are meant to be put together here
  run guest_ssh "
    rm -f /run/held; mkfifo /run/held
    ($1) >/run/held 2>&1 </dev/null &
    export HOLDER=\$!
    read -r word </run/held
    [ \"\$word\" = held ] || { echo \"the holder says: \$word\" >&2; kill \$HOLDER; exit 99; }
    status=0
    $2 || status=\$?
    kill \$HOLDER
    exit \$status"
}

# guest COMMAND: prepares the guest or looks at it. The command must work.
guest() { guest_ssh "set -e; $1" </dev/null; }

expect_status() { [[ $status == "$1" ]] || fail "exit status $1 was expected"; }

# expect_out: stdout is exactly stdin; a test that expects none says expect_no_out.
expect_out() { diff -u --label expected --label stdout - "$scratch/out" >&2 || fail "another stdout was expected"; }
expect_no_out() { [[ ! -s $scratch/out ]] || fail "nothing on stdout was expected"; }

# expect_err TEXT: stderr contains TEXT.
expect_err() { grep -qF -- "$1" "$scratch/err" || fail "stderr with '$1' was expected"; }
expect_no_err() { [[ ! -s $scratch/err ]] || fail "nothing on stderr was expected"; }

# expect_done: the command worked, printed exactly what is on stdin, and complained about nothing.
expect_done() {
  expect_status 0
  expect_out
  expect_no_err
}

# settings LINE...: adds these lines to gpupci.yaml in the guest, beside the lab's vendor, until fresh_cards.
settings() {
  guest "{ cat /run/lab/gpupci.yaml; printf '%s\n' $(printf '%q ' "$@"); } >/etc/gpupci/gpupci.yaml"
}

# stubborn PARAMETER [ADDRESS]: tests/lab/modules/stubborn.c refuses or holds ADDRESS from now on; without ADDRESS
# nothing.
stubborn() { guest "echo ${2:-} >/sys/module/stubborn/parameters/$1"; }

# drivers: prints one line for each function of each card, from the guest's own sysfs: "0000:02:00.0 bochs-drm". The
# cards are the display controllers and the functions in the same slots, as QEMU's machine has no other display.
drivers() {
  # This shell starts no program for each device: that takes longest on an emulated CPU.
  guest '
    for display in /sys/bus/pci/devices/*; do
      read -r class <"$display/class"
      case $class in 0x0380*) ;; *) continue ;; esac
      for device in "${display%.*}".*; do
        driver=$(readlink "$device/driver" || echo none)
        echo "${device##*/} ${driver##*/}"
      done
    done'
}

# expect_drivers: the lines of `drivers` are exactly those on stdin.
expect_drivers() {
  drivers >"$scratch/drivers"
  diff -u --label expected --label drivers - "$scratch/drivers" >&2 || fail "other drivers were expected"
}

# expect_attached: both cards are with their host.
expect_attached() {
  expect_drivers <<'END'
0000:02:00.0 bochs-drm
0000:02:00.1 snd_hda_intel
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END
}

# fresh_cards libvirt|sysfs: every function gets the driver that the kernel would choose, gpupci remembers nothing,
# there are no VMs, and libvirtd runs or does not. It uses plain writes to sysfs, so no test depends on the code that it
# tests.
fresh_cards() {
  guest '
    for parameter in /sys/module/stubborn/parameters/*; do
      [ ! -e "$parameter" ] || echo >"$parameter"
    done
    lab-libvirtd stop
    for vm in /run/libvirt/qemu/*.pid; do
      [ ! -e "$vm" ] || kill -KILL "$(cat "$vm")" || true
    done
    rm -rf /run/libvirt/qemu/*.pid /run/libvirt/qemu/*.xml /etc/libvirt/qemu/*.xml /etc/libvirt/qemu/autostart/*.xml
    rm -rf /var/lib/gpupci/* /var/lib/libvirt/images/* /etc/gpupci/*
    cp /run/lab/gpupci.yaml /etc/gpupci/
    rm -f /var/log/libvirt/libvirtd.log
    for link in /sys/bus/pci/drivers/vfio-pci/0000:* /sys/bus/pci/drivers/stubborn/0000:*; do
      [ ! -e "$link" ] || echo "${link##*/}" >"${link%/*}/unbind"
    done
    for device in /sys/bus/pci/devices/*; do
      echo >"$device/driver_override"
      [ -e "$device/driver" ] || echo "${device##*/}" >/sys/bus/pci/drivers_probe
    done'
  [[ $1 == sysfs ]] || guest 'lab-libvirtd start'
}

# expect_through libvirt|sysfs ADDRESS...: checks in libvirt's own log who detached these functions.
expect_through() {
  local by=$1 address log
  shift
  log=$(guest 'grep -sF "to inactive list" /var/log/libvirt/libvirtd.log || true')
  for address in "$@"; do
    if grep -qF "PCI device $address to" <<<"$log"; then
      [[ $by == libvirt ]] || fail "libvirt detached $address"
    else
      [[ $by == sysfs ]] || fail "libvirt did not detach $address"
    fi
  done
}

# expect_checks 'CARD RESULT: ID...' ...: the last gpupci --check gave these results; CARD is - for the host.
expect_checks() {
  local wanted id
  for wanted in "$@"; do
    for id in ${wanted#*: }; do
      awk '{ print $2, $3 ": " $1 }' "$scratch/out" | grep -qxF -- "${wanted%%:*}: $id" || fail "of check $id, '${wanted%%:*}' was expected"
    done
  done
}
