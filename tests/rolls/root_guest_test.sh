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
# A mirror of it: its package names NVIDIA's own place, which becomes that of the mirror. apt stands in for curl.
cat >"$root/usr/local/bin/curl" <<'END'
#!/bin/sh
exec /usr/lib/apt/apt-helper download-file "$4" "$3"
END
chmod 755 "$root/usr/local/bin/curl"
# shellcheck disable=SC1091 # of the root
suite=$(. "$root/etc/os-release" && echo "$ID$VERSION_ID")
list=/etc/apt/sources.list.d/cuda-$suite-$(uname -m).list
mkdir -p "$dir/cuda-keyring/DEBIAN" "$dir/cuda-keyring${list%/*}" "$dir/distro/cuda/$suite/$(uname -m)"
printf '%s\n' 'Package: cuda-keyring' 'Version: 1.1-1' 'Architecture: all' 'Maintainer: the site <root@localhost>' \
  'Description: stands for it' >"$dir/cuda-keyring/DEBIAN/control"
echo '# https://developer.download.nvidia.com/compute/cuda/repos' >"$dir/cuda-keyring$list"
dpkg-deb --root-owner-group --build "$dir/cuda-keyring" "$dir/distro/cuda/$suite/$(uname -m)/cuda-keyring_1.1-1_all.deb" >/dev/null
"$cluster" set host attr "$host" guest_repository http://127.0.0.1/cuda
"$cluster" set host attr "$host" guest_packages no-such-package
script guest
expect 1 "guest: changed  NVIDIA's repository of CUDA is there" 'Unable to locate package no-such-package' 'guest_packages names others'
in_file "$list" '# http://127.0.0.1/cuda'
"$cluster" set host attr "$host" guest_repository ''
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

take_back guest
expect 0 "guest: undone   NVIDIA's repository of CUDA is there" 'guest: undone   file /etc/modprobe.d/guest-nouveau.conf' 'guest: stays    packages '
[[ ! -e $root$list ]] || fail "NVIDIA's repository stays"
[[ ! -e $root/etc/modprobe.d/guest-nouveau.conf ]] || fail 'nouveau is kept away still'
exit $((failures > 0))
