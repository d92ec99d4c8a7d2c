#!/bin/sh
# Puts volumes for cloud-init on a container, called as seed DIR/VM-seed-DIGEST.iso, with the volume in base64 as its
# input. The digest is of what is in it, so a volume that is there is right. Those that the VM had before go. The volume
# may have secrets, and gets its name when it is whole.
part=
trap '[ -z "$part" ] || rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM
seed() {
  if [ ! -e "$1" ]; then
    part=$(mktemp "$1.XXXXXX") && base64 -d >"$part" && mv -f "$part" "$1" || return 1
    part=
  fi
  for old in "${1%-*}"-????????????????.iso; do
    [ "$old" = "$1" ] || [ ! -e "$old" ] || rm -f "$old"
  done
}
