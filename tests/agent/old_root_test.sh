#!/bin/bash
# old_root_test.sh GPUPCI: the program in a root of Debian 11, which has glibc 2.31 and libvirt 7.0.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root_release=bullseye
root_packages=libvirt0,umockdev
# shellcheck source=tests/support/root.sh
. "$here/../support/root.sh"
into_namespaces "$@"
gpupci=$(realpath "$1")
fresh_root
mount -t sysfs -o ro sysfs "$root/sys"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

install -m 755 "$gpupci" "$root/usr/bin/gpupci"
[[ $(in_root gpupci --version) == "$("$gpupci" --version)" ]] || fail "gpupci --version"

# On hosts of the field it answers there as it does here.
mkdir -p "$root/src/tests/agent" "$root/src/tests/data/hosts"
mount --bind "$here" "$root/src/tests/agent"
mount --bind "$here/../data/hosts" "$root/src/tests/data/hosts"
for recording in "$here"/../data/hosts/*.umockdev; do
  name=$(basename "$recording" .umockdev)
  in_root "HOME=/root" /src/tests/agent/hosts_test.sh /usr/bin/gpupci "/src/tests/data/hosts/$name" || fail "$name"
done

on_a_host() { in_root GPUPCI_STATE=/tmp/state "$@"; }
host=/src/tests/data/hosts/rtx-four-functions.umockdev
gpupci_there() { on_a_host umockdev-run --device "$host" -- gpupci "$@"; }

status=0
gpupci_there --check all --json >/mnt/out 2>/mnt/err || status=$?
[[ $status == 2 && ! -s /mnt/err ]] || fail "--check all --json ended with $status: $(</mnt/err)"
grep -qF '"id":"D9","card":"gpupci1"' /mnt/out || fail "checks of a card were expected: $(</mnt/out)"

# --serve-ssh forgets its variables, and so umockdev; its tree of /sys serves as well.
cards=$(gpupci_there -l)
[[ $cards == gpupci1\ * ]] || fail "-l said $cards"
# shellcheck disable=SC2016 # umockdev sets it
on_a_host umockdev-run --device "$host" -- sh -c 'cp -a "$UMOCKDEV_DIR/sys" /tmp/sys' 2>/mnt/err
mount --bind "$root/tmp/sys" "$root/sys"
over_ssh() {
  status=0
  in_root SSH_ORIGINAL_COMMAND="$1" gpupci --serve-ssh >/mnt/out 2>/mnt/err || status=$?
}
over_ssh 'gpupci -l'
[[ $status == 0 && $(</mnt/out) == "$cards" ]] || fail "--serve-ssh: $status, $(cat /mnt/out /mnt/err)"
over_ssh id
[[ $status == 2 && ! -s /mnt/out ]] || fail "--serve-ssh ran id: $status, $(cat /mnt/out /mnt/err)"
umount "$root/sys"

# It opens libvirt only when it needs it, and finds all its functions there; the loader tells.
gpupci_there_told() {
  rm -f "$root"/tmp/loader.*
  on_a_host LD_DEBUG=symbols LD_DEBUG_OUTPUT=/tmp/loader umockdev-run --device "$host" -- gpupci "$@" >/mnt/out 2>&1 || true
  cat "$root"/tmp/loader.* >/mnt/loader
}
gpupci_there_told -l
! grep 'symbol=vir' /mnt/loader || fail "-l opened libvirt"
gpupci_there_told -d gpupci1 --dry-run
grep -q 'symbol=virConnectOpen;  lookup in file=.*libvirt.so.0 ' /mnt/loader || fail "-d did not look into libvirt: $(</mnt/out)"
! grep 'undefined symbol: vir' /mnt/loader || fail "libvirt 7.0 lacks what it calls"
