#!/bin/bash
# shellcheck disable=SC2016 # it is the guest that expands
# power_off_test.sh HOST CLUSTER: three vm-containers, and one of them loses its power in the middle of `sync host gpu`. The
# others are done, of that one nobody says more than is known, and once it is back a second sync does the rest. The two
# others of HOST are booted here.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

stays=$host-stays
lost=$host-lost
trap 'for one in "$stays" "$lost"; do "$lab" down "$one" >/dev/null 2>&1 || true; done; end_test' EXIT

# boot NAME...: boots them at once.
boot() {
  local name
  local -a booting=()
  for name in "$@"; do
    "$lab" up "$name" --like vm-container-0-15 --anew >"$scratch/$name.boot" 2>&1 &
    booting+=($!)
  done
  for name in "${booting[@]}"; do wait "$name" || fail "a machine does not boot: $(tail -n 3 "$scratch"/*.boot)"; done
}

# info_of NAME KEY, on NAME COMMAND: as lab_info and guest, of any machine.
info_of() { "$lab" info "$1" | sed -n "s/^$2=//p"; }
on() { ssh -n -F "$scratch/ssh_config" "$1" "$2"; }

# The third card of that machine is one that its driver never lets go, so that a detach there has a middle.
prepare_lost() {
  on "$lost" "printf '%s\n' 'devices: [\"1b36:0005\"]' 'functions: {\"8086:2668\": card}' >>/etc/gpupci/gpupci.yaml"
}

boot "$stays" "$lost"
for one in "$host" "$stays" "$lost"; do echo "Include $(info_of "$one" ssh_config)"; done >"$scratch/ssh_config"
export CLUSTER_SSH_CONFIG=$scratch/ssh_config
fresh_cards sysfs
prepare_lost
on "$lost" 'echo 0000:04:00.0 >/sys/module/stubborn/parameters/hold'

for one in "$host" "$stays" "$lost"; do
  changes add host "$one" address=127.0.0.1 port="$(info_of "$one" port)" user=root
done
cluster discover host gpu
expect_status 0
for one in "$host" "$stays" "$lost"; do changes set host gpu "$one" all wish=detached; done

# It is silent from the moment at which its first card has gone: no connection is closed when the power goes.
"$cluster_program" sync host gpu timeout=30 format=csv >"$scratch/first.out" 2>"$scratch/first.err" </dev/null &
sync=$!
on "$lost" '
  for i in $(seq 300); do [ ! -e /sys/bus/pci/drivers/vfio-pci/0000:02:00.0 ] || exit 0; sleep 0.1; done
  exit 1' || fail "$lost: no card was detached: $(cat "$scratch/first.err")"
power=$(info_of "$lost" pid)
kill -STOP "$power"
status=0
wait "$sync" || status=$?
kill -KILL "$power"
ran='sync host gpu timeout=30 format=csv'
mv "$scratch/first.out" "$scratch/out"
mv "$scratch/first.err" "$scratch/err"
expect_status 3
expect_err "$lost: the command did not end within 30 s"
for one in "$host" "$stays"; do
  [[ $(grep -c "^$one,.*,detached$" "$scratch/out") == 2 ]] || fail "$one: two cards should be detached"
  [[ $(on "$one" 'ls -d /sys/bus/pci/drivers/vfio-pci/0000:0[23]:00.?' | wc -l) == 4 ]] ||
    fail "$one: four functions should be with vfio-pci"
done
[[ $(grep -c "^$lost,.*,unknown$" "$scratch/out") == 3 ]] || fail "$lost: its three cards should be unknown"

# It has power again, and its cards are with the host.
boot "$lost"
prepare_lost
changes set host "$lost" port="$(info_of "$lost" port)"
cluster sync host gpu format=csv
expect_status 0
[[ $(grep -c "^$lost,.*,detached$" "$scratch/out") == 3 ]] || fail "$lost: its three cards should be detached"
! grep -q "^\($host\|$stays\)," "$scratch/out" || fail "nothing was to do elsewhere"
cluster sync host gpu format=csv
expect_status 0
expect_err "nothing to do"
expect_out <<<'host,gpu,pci_bus,action,outcome'
