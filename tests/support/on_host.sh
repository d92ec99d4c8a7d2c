#!/bin/bash
# on_host.sh RECORDING STATE PROGRAM [ARG...]: runs PROGRAM on a host of the field, whose /sys is in RECORDING.umockdev.
# gpupci keeps its records in the folder STATE there. All of this is in a mount namespace, so that it holds whatever
# PROGRAM makes of its environment variables. Returns 77, with the reason, where there are no such namespaces.
set -euo pipefail

if [[ ${1:-} != --inside ]]; then
  namespace=(unshare --mount --propagation private)
  ((EUID == 0)) || namespace+=(--map-root-user)
  if ! "${namespace[@]}" true 2>/dev/null; then
    echo "on_host: skipped: this machine lets nobody make mount namespaces" >&2
    exit 77
  fi
  exec "${namespace[@]}" "$0" --inside "$@"
fi
recording=$2
state=$3
shift 3

# The tree of files that umockdev makes is one of the real machine in shape; only its preloaded library is left out.
host=$(mktemp -d)
mount -t tmpfs -o mode=755 host "$host"
mkdir -p "$host/state" "$state"
mount --bind "$state" "$host/state"
# shellcheck disable=SC2016 # umockdev sets it
umockdev-run --device "$recording.umockdev" -- sh -c 'cp -a "$UMOCKDEV_DIR/sys" "$0"' "$host"
mount --bind "$host/sys" /sys
mount -t tmpfs -o mode=755 lib /var/lib
mkdir /var/lib/gpupci
mount --bind "$host/state" /var/lib/gpupci
mount -t tmpfs -o mode=755 run /run
umount -l "$host"
rmdir "$host"
exec "$@"
