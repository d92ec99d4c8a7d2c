#!/bin/bash
# root_guest_test.sh CLUSTER GPUPCI: runs roll guest in a real Debian, as a guest whose card is a few plain files.
# NVIDIA's packages are empty ones of the site, so nvidia-smi is not there at the end.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

"$cluster" add host vm rocks-33 "$host"
host=rocks-33

# There is no network to NVIDIA here.
"$cluster" set host attr "$host" guest_repository http://127.0.0.1/nowhere
script guest
expect 1 'guest: changed  packages' 'no keyring of NVIDIA' 'set guest_repository to a mirror, or to nothing'
"$cluster" set host attr "$host" guest_repository ''
"$cluster" set host attr "$host" guest_packages no-such-package
script guest
expect 1 'Unable to locate package no-such-package' 'guest_packages names others'
"$cluster" remove host attr "$host" guest_packages

script guest
expect 0 "guest: changed  NVIDIA's driver is installed" 'guest: reboot needed ('
in_file /etc/modprobe.d/guest-nouveau.conf 'blacklist nouveau'
# shellcheck disable=SC2016 # dpkg-query's
in_root dpkg-query -W -f '${Status}\n' nvidia-open qemu-guest-agent >installed
[[ $(sort -u installed) == 'install ok installed' ]] || fail "not installed: $(<installed)"
again guest "guest: ok       NVIDIA's driver is installed" 'guest: reboot needed ('

# Other modules, and containers.
"$cluster" set host attr "$host" guest_driver proprietary
"$cluster" set host attr "$host" guest_container_toolkit yes
script guest
expect 0 "guest: changed  NVIDIA's driver is installed" 'guest: changed  containers can have the cards'
in_root dpkg-query -W cuda-drivers nvidia-container-toolkit >/dev/null || fail 'cuda-drivers is not there'
again guest 'guest: ok       containers can have the cards'

# After the reboot nvidia-smi is run, and a guest without it fails.
rm "$root/run/cluster-rolls.reboot"
script guest
expect 1 'cluster check host vm rocks-33 tells why' 'guest: failed: check: nvidia-smi answers for the cards'

# A VM without a card gets no driver.
rm -r "$root/sys/bus/pci/devices/0000:02:00.0"
script guest
expect 1 'no NVIDIA card: cluster add host gpu rocks-33 gpupci CARD'
exit $((failures > 0))
