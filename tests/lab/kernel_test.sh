#!/bin/bash
# Gets the lab's kernel out of the packages of each release, which are small stand-ins here. Debian 12 has files in lib/
# and bin/ and packs its kernel with xz; Debian 13 has all of it in usr/, and uses zstd. When a kernel cannot be had,
# nothing of it is left in the cache.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export debs=$scratch/debs
export CLUSTER_LAB_CACHE=$scratch/cache
version=6.1.0-99-amd64

say() { :; }
die() {
  echo "$*" >&2
  exit 1
}
# shellcheck source=tests/lab/kernel.sh
. "$here/kernel.sh"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# This apt has only these packages.
mkdir "$scratch/bin" "$scratch/cache"
cat >"$scratch/bin/apt-cache" <<END
#!/bin/sh
echo "  Depends: linux-image-$version"
END
cat >"$scratch/bin/apt-get" <<'END'
#!/bin/sh
cp "$debs"/*.deb .
END
chmod +x "$scratch/bin/apt-cache" "$scratch/bin/apt-get"
PATH=$scratch/bin:$PATH

# number OFFSET BYTES VALUE: writes a number into the header of the image, the lowest byte first.
number() {
  local byte value=$3 at
  for ((at = 0; at < $2; at++)); do
    printf -v byte '\\x%02x' $(((value >> (8 * at)) & 255))
    # shellcheck disable=SC2059 # the byte is a format
    printf "$byte" | dd of="$scratch/image" bs=1 seek=$(($1 + at)) conv=notrunc status=none
  done
}

# The image is as in Documentation/x86/boot.rst: 2 sectors, 16 bytes that are code, the packed kernel and its size.
make_image() {
  local packed
  packed=$(echo 'the kernel' | "$1" -c | wc -c)
  head -c 1040 /dev/zero >"$scratch/image"
  echo 'the kernel' | "$1" -c >>"$scratch/image"
  printf '\13\0\0\0and what follows' >>"$scratch/image"
  number $((0x1f1)) 1 1
  number $((0x248)) 4 16
  number $((0x24c)) 4 $((packed + 4))
}

# package NAME: makes a package of the files in $scratch/NAME.
package() {
  mkdir -p "$scratch/$1/DEBIAN" "$debs"
  printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: a stand-in\n' "$1" \
    >"$scratch/$1/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$scratch/$1" "$debs" >/dev/null
  rm -rf "${scratch:?}/$1"
}

# packages_of_release USR PACKER: USR is "" or "usr/".
packages_of_release() {
  rm -rf "$debs"
  make_image "$2"
  mkdir -p "$scratch/linux-image/${1}lib/modules/$version/kernel" "$scratch/linux-image/boot" "$scratch/busybox/${1}bin"
  cp "$scratch/image" "$scratch/linux-image/boot/vmlinuz-$version"
  (cd "$scratch/linux-image/${1}lib/modules/$version" && touch modules.order modules.builtin modules.builtin.modinfo)
  echo busybox >"$scratch/busybox/${1}bin/busybox"
  package linux-image
  package busybox
}

nothing_but_the_kernel() { [[ -z $(find "$cache" -mindepth 1 -maxdepth 1 ! -name kernel ! -name lock) ]] || fail "$1: there is more in the cache: $(ls "$cache")"; }

for release in ' xz' 'usr/ zstd'; do
  rm -rf "$cache/kernel"
  packages_of_release "${release% *}" "${release#* }"
  fetch_kernel
  nothing_but_the_kernel "$release"
  [[ $(<"$cache/kernel/version") == "$version" ]] || fail "$release: the kernel's version is not known"
  [[ $(<"$cache/kernel/bin/busybox") == busybox ]] || fail "$release: there is no busybox"
  [[ -e $cache/kernel/lib/modules/$version/modules.dep ]] || fail "$release: depmod saw no modules"
  vmlinux=$cache/kernel/vmlinux
  unpack_kernel "$cache/kernel/boot/vmlinuz-$version"
  [[ $(<"$vmlinux") == 'the kernel' ]] || fail "$release: the kernel is unpacked wrongly"
done

# A package is damaged. This runs in another bash, as this one would not stop at a failure within an `if`.
rm -rf "$cache/kernel"
echo damaged >"$debs/busybox_1_all.deb"
if cache=$cache bash -euo pipefail -c "$(declare -f say die fetch_kernel); fetch_kernel" 2>/dev/null; then
  fail "a damaged package was taken"
fi
nothing_but_the_kernel 'damaged'
[[ ! -e $cache/kernel ]] || fail "there is a kernel of a damaged package"

# The next fetch removes the files that a killed one has left.
mkdir "$cache/fetch.killed" "$cache/initramfs.killed"
packages_of_release '' xz
build_initramfs() { :; }
build_vm_initramfs() { :; }
prepare_kernel
nothing_but_the_kernel 'after a killed one'
echo passed
