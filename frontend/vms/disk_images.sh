#!/bin/sh
# Makes disk images on a container. The function is called as image PATH FORMAT GIB MADE [FROM HOW]; MADE is "made" when
# the image was there once: an empty disk in its place would look to the guest as if all were lost. An image gets its
# name when it is whole, as who finds one takes it as it is. `set -C` makes a file only if it does not exist, even when
# somebody else makes it at the same time.
part=
trap '[ -z "$part" ] || rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM
gib=1073741824
from_image() {
  case $(od -An -tx1 -N4 "$4" 2>/dev/null | tr -d ' ') in
    1f8b* | 425a68* | fd377a58 | 28b52ffd | 504b0304)
      echo "image $4 is compressed: unpack it first" >&2; return 1 ;;
  esac
  info=$(LC_ALL=C qemu-img info -- "$4" 2>&1) || { echo "image $4: $info" >&2; return 1; }
  kind=$(printf '%s\n' "$info" | sed -n 's/^file format: //p')
  bytes=$(printf '%s\n' "$info" | sed -n 's/^virtual size: .*(\([0-9]*\) bytes).*/\1/p')
  case $kind in
    raw | qcow2) ;;
    *) echo "image $4 is ${kind:-of no kind that qemu-img knows}: want raw or qcow2" \
         "(qemu-img convert)" >&2; return 1 ;;
  esac
  # qemu-img takes what is behind the end of a qcow2 for zeros, and what is nothing else for raw.
  whole=0
  case $kind:$4 in
    raw:*.qcow2) whole=2 ;;
    qcow2:*) qemu-img check -q -U -f qcow2 -- "$4" >/dev/null 2>&1 || whole=$? ;;
  esac
  if [ "$whole" = 2 ] || [ "$bytes" = 0 ]; then
    echo "image $4 is damaged, or was not brought whole ($kind to qemu-img; qemu-img check): bring" \
      "it again" >&2; return 1
  fi
  need=$(((bytes + gib - 1) / gib))
  if [ -n "$3" ] && [ "$need" -gt "$3" ]; then
    echo "image $4 is of $need GiB, and disksize= of $3: want disksize=$need or more" >&2; return 1
  fi
  part=$(mktemp "$1.XXXXXX") || return 1
  case $5 in
    backing) qemu-img create -q -f "$2" -b "$4" -F "$kind" -- "$part" ${3:+"${3}G"} ;;
    *) qemu-img convert -q -f "$kind" -O "$2" -- "$4" "$part" &&
         { [ -z "$3" ] || qemu-img resize -q -f "$2" -- "$part" "${3}G"; } ;;
  esac && named "$1" && return 0
  rm -f "$part"; part=; return 1
}
named() { ( set -C; : >"$1" ) && mv -f "$part" "$1" && part=; }
image() {
  if [ -e "$1" ] && [ -n "$5" ] && [ "$4" != made ]; then
    echo "there is a $1 already, and image= is put over nothing: remove it, or say made=yes in" \
      "disk= to use it as it is" >&2; return 1
  fi
  if [ -e "$1" ]; then return 0; fi
  if [ "$4" = made ]; then
    echo "no image $1, which was there before: mount what has it, or bring it here" >&2; return 1
  fi
  if [ ! -d "${1%/*}" ]; then echo "there is no folder ${1%/*}" >&2; return 1; fi
  if [ -n "$5" ]; then from_image "$1" "$2" "$3" "$5" "$6"; return; fi
  if [ -z "$3" ]; then echo "no image $1, and no disksize= to make it with" >&2; return 1; fi
  part=$(mktemp "$1.XXXXXX") || return 1
  qemu-img create -q -f "$2" -- "$part" "$3G" && chmod '=rw' "$part" && named "$1" && return 0
  rm -f "$part"; part=; return 1
}
