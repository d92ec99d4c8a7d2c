#!/bin/bash
# Records how libvirt changes the documents in tests/data/domain. Its QEMU driver defines and dumps them, inside virsh,
# without a daemon. The files beside this one come from libvirt 9.0.0 and QEMU 7.2 (Debian 12). It needs
# libvirt-daemon-driver-qemu.
#   tests/data/libvirt/record.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
for file in ../domain/*.xml; do
  name=$(sed -n 's:.*<name>\(.*\)</name>.*:\1:p' "$file")
  virsh --quiet --connect "qemu:///embed?root=$root" "define $file; dumpxml --inactive $name; undefine --nvram $name" |
    sed '/^$/d' >"$(basename "$file")"
done
