# shellcheck shell=bash
# The guest's kernel is Debian's: it is downloaded once, unpacked in a cache, and never installed.
# Sourced by `lab`, which sets `here` and has die() and say().
# shellcheck disable=SC2034,SC2154 # variables of the one that sources it

cache=${CLUSTER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-lab}

# Sets `vmlinux`, `modules`, `initramfs` and `vm_initramfs`; makes the files when they are not there.
prepare_kernel() {
  mkdir -p "$cache"
  local lock
  exec {lock}>"$cache/lock"
  flock "$lock"
  # Nobody else makes any now, so these belong to a process that was killed.
  rm -rf "$cache"/{fetch,build,initramfs}.*
  [[ -e $cache/kernel/version ]] || fetch_kernel
  local version
  version=$(<"$cache/kernel/version")
  modules=$cache/kernel/lib/modules
  # The guest also sees it here, for VMs of its own.
  vmlinux=$modules/$version/vmlinux
  initramfs=$cache/kernel/initramfs-$(contents first-init)
  vm_initramfs=$cache/kernel/vm-initramfs-$(contents vm-init)
  [[ -e $vmlinux ]] || unpack_kernel "$cache/kernel/boot/vmlinuz-$version"
  [[ -e $initramfs ]] || build_initramfs "$version"
  [[ -e $vm_initramfs ]] || build_vm_initramfs
  exec {lock}>&-
}

# Prints a short sum of the files that an initramfs is made from, as another branch may have other files.
contents() { cat "$here/kernel.sh" "$here/guest/$1" | sha256sum | cut -c 1-16; }

# linux-image-amd64 is an empty package that depends on the current kernel, whose name has the version.
# busybox-static is unpacked too: if it were installed, it would push out the busybox that many machines have. The body
# is a subshell: its trap removes the folder, however the function ends.
fetch_kernel() (
  package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
  [[ -n $package ]] || die "apt knows no linux-image-amd64; run 'apt-get update' as root"
  say "downloading $package (about 100 MB, once, to $cache)"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  if ! (cd "$work" && apt-get -q download "$package" busybox-static >download.log 2>&1); then
    tail -n 5 "$work/download.log" >&2
    die "cannot download $package; 'apt-get update' as root may help"
  fi
  mkdir "$work/kernel"
  for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$work/kernel"
  done
  # From Debian 13 on packages have all of it in /usr, and the links to it come from base-files.
  for folder in bin lib; do
    [[ -e $work/kernel/$folder ]] || ln -s "usr/$folder" "$work/kernel/$folder"
  done
  version=$(basename "$work"/kernel/lib/modules/*)
  depmod -b "$work/kernel" "$version"
  echo "$version" >"$work/kernel/version"
  # Renamed when it is whole, so that an interrupted download leaves nothing half made.
  rm -rf "$cache/kernel"
  mv "$work/kernel" "$cache/kernel"
)

# A kernel that unpacks itself takes an emulated CPU seconds, and a minute in an emulated VM, so it is unpacked here.
# Documentation/x86/boot.rst tells the place of the packed kernel: setup_sects, payload_offset and payload_length.
unpack_kernel() {
  local image=$1 sectors offset length unpack=xz
  image_number() { od -An -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
  sectors=$(image_number $((0x1f1)) 1)
  offset=$(image_number $((0x248)) 4)
  length=$(image_number $((0x24c)) 4)
  offset=$((offset + (sectors + 1) * 512))
  # Debian 12 packs it with xz, and Debian 13 with zstd; their files begin with these bytes.
  [[ $(image_number "$offset" 4) != $((0xfd2fb528)) ]] || unpack=zstd
  # The last four bytes are the size of the unpacked kernel, which neither program knows.
  head -c $((offset + length - 4)) "$image" | tail -c "+$((offset + 1))" | "$unpack" -dc >"$vmlinux.new" ||
    die "$image is not packed with $unpack"
  mv "$vmlinux.new" "$vmlinux"
}

# The initramfs has a static busybox and the modules that are needed to reach the root file system.
build_initramfs() {
  local version=$1 tree module
  tree=$(mktemp -d "$cache/initramfs.XXXXXX")
  mkdir -p "$tree/bin" "$tree/modules"
  cp "$cache/kernel/bin/busybox" "$tree/bin/busybox"
  install -m 755 "$here/guest/first-init" "$tree/init"
  modprobe -d "$cache/kernel" -S "$version" --show-depends -a virtio_pci virtio_blk ext4 9pnet_virtio 9p overlay |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
    while read -r module; do
      cp "$module" "$tree/modules/"
      echo "${module##*/}" >>"$tree/modules/order"
    done
  pack_initramfs "$tree" "$initramfs"
}

# Makes the initramfs of a VM that a machine of the lab runs.
build_vm_initramfs() {
  local tree
  tree=$(mktemp -d "$cache/initramfs.XXXXXX")
  mkdir "$tree/bin"
  cp "$cache/kernel/bin/busybox" "$tree/bin/busybox"
  install -m 755 "$here/guest/vm-init" "$tree/init"
  pack_initramfs "$tree" "$vm_initramfs"
}

pack_initramfs() {
  (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$2.new"
  mv "$2.new" "$2"
  rm -rf "$1"
}
