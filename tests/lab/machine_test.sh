#!/bin/bash
# Turns descriptions of machines into QEMU's options: each device has a place of its own, and each disk a serial number
# of its own. QEMU is not started.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

die() {
  echo "$*" >&2
  exit 1
}
# shellcheck source=tests/lab/machine.sh
. "$here/machine.sh"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# values KEY: prints the value of KEY in each option of the machine that has it.
values() { printf '%s\n' "${machine_args[@]}" | grep -oE "(^|,)$1=[^,]*" | sed 's/.*=//'; }
different() { [[ -z $(values "$1" | sort | uniq -d) ]] || fail "$2: two with $1 $(values "$1" | sort | uniq -d | xargs)"; }

check_machine() {
  local disks places
  read_machine
  disks=$(printf '%s\n' "${machine_args[@]}" | grep -cE '^nvme(,|$)' || true)
  [[ $(values serial | wc -l) == "$disks" ]] || fail "$1: $disks disks and these serial numbers: $(values serial | xargs)"
  # A serial number of NVMe has 20 characters.
  ! values serial | grep -E '.{21}' || fail "$1: a serial number is too long"
  different serial "$1"
  different id "$1"
  places=$(printf '%s\n' "${machine_args[@]}" | sed -nE 's/.*(bus=[^,]*),(addr=[^,]*).*/\1 \2/p' | sort | uniq -d)
  [[ -z $places ]] || fail "$1: two devices at $places"
}

for machine in "$here"/machines/*; do
  check_machine "${machine##*/}" <"$machine"
done
check_machine 'many disks' <<'END'
card nvme
card nvme+nvme+nvme
skip
bridge nvme nvme+nic nvme
card nvme-vfs
card video+audio
END
[[ $(values serial | wc -l) == 8 ]] || fail "8 disks were described: $(values serial | xargs)"
echo 'the machines are as described'
