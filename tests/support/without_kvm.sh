#!/bin/bash
# without_kvm.sh PROGRAM [ARG...]: runs PROGRAM where there is no /dev/kvm, in namespaces of its own. Returns 77, with
# the reason, where that is not possible.
#   Where QEMU can open /dev/kvm and libvirt's check of the same user says no (its group is not kvm), libvirt asks QEMU for
#   its capabilities again at each question, for minutes. And a /dev/kvm that is there may hang.
#   PROGRAM is the first process of its PID namespace, and must reap, as a shell does, what its children leave behind. Else
#   libvirt waits for the QEMU that it has killed. None of them outlives PROGRAM.
set -euo pipefail

if [[ ${1:-} != --inside ]]; then
  namespaces=(unshare --mount --pid --fork --mount-proc --kill-child)
  if ((EUID != 0)) || ! "${namespaces[@]}" true 2>/dev/null; then
    echo "without_kvm: skipped: not root, or no mount and PID namespaces here"
    exit 77
  fi
  exec "${namespaces[@]}" "$0" --inside "$@"
fi
shift

if [[ -e /dev/kvm ]]; then
  dev=$(mktemp -d)
  mount -t tmpfs -o mode=755 private "$dev"
  for node in /dev/*; do
    here=$dev/${node##*/}
    if [[ -L $node ]]; then
      cp -P "$node" "$here"
    elif [[ -d $node ]]; then
      mkdir "$here"
      mount --rbind "$node" "$here"
    elif [[ $node != /dev/kvm ]]; then
      touch "$here"
      mount --bind "$node" "$here"
    fi
  done
  mount --move "$dev" /dev
  rmdir "$dev"
fi
exec "$@"
