# shellcheck shell=bash
# The guest's kernel: Debian's, downloaded once, unpacked in a cache, never installed.
# Sourced by `lab`, which sets `here` and has die() and say().
# shellcheck disable=SC2034,SC2154 # variables of the one that sources it

cache=${CLUSTER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-lab}

# Sets `vmlinuz`, `modules` and `initramfs`; makes them when they are not there.
prepare_kernel() {
  mkdir -p "$cache"
  local lock
  exec {lock}>"$cache/lock"
  flock "$lock"
  [[ -e $cache/kernel/version ]] || fetch_kernel
  local version
  version=$(<"$cache/kernel/version")
  vmlinuz=$cache/kernel/boot/vmlinuz-$version
  modules=$cache/kernel/lib/modules
  initramfs=$cache/kernel/initramfs
  if [[ ! -e $initramfs || $here/guest/first-init -nt $initramfs || $here/kernel.sh -nt $initramfs ]]; then
    build_initramfs "$version"
  fi
  exec {lock}>&-
}

# linux-image-amd64 is an empty package that depends on the current kernel, whose name has the version.
# busybox-static is unpacked too: installed, it would push out the busybox that many machines have.
fetch_kernel() {
  local package version work
  package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
  [[ -n $package ]] || die "apt knows no linux-image-amd64; run 'apt-get update' as root"
  say "downloading $package (70 MB, once, to $cache)"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  if ! (cd "$work" && apt-get -q download "$package" busybox-static >download.log 2>&1); then
    tail -n 5 "$work/download.log" >&2
    rm -rf "$work"
    die "cannot download $package; 'apt-get update' as root may help"
  fi
  mkdir "$work/kernel"
  for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$work/kernel"
  done
  version=$(basename "$work"/kernel/lib/modules/*)
  depmod -b "$work/kernel" "$version"
  echo "$version" >"$work/kernel/version"
  # Renamed when it is whole, so that an interrupted download leaves nothing half made.
  rm -rf "$cache/kernel"
  mv "$work/kernel" "$cache/kernel"
  rm -rf "$work"
}

# A static busybox and the modules it takes to reach the root file system.
build_initramfs() {
  local version=$1 tree module
  tree=$(mktemp -d "$cache/initramfs.XXXXXX")
  mkdir -p "$tree/bin" "$tree/modules"
  cp "$cache/kernel/bin/busybox" "$tree/bin/busybox"
  install -m 755 "$here/guest/first-init" "$tree/init"
  modprobe -d "$cache/kernel" -S "$version" --show-depends -a virtio_pci 9pnet_virtio 9p overlay |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
    while read -r module; do
      cp "$module" "$tree/modules/"
      echo "${module##*/}" >>"$tree/modules/order"
    done
  (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$cache/kernel/initramfs.new"
  mv "$cache/kernel/initramfs.new" "$cache/kernel/initramfs"
  rm -rf "$tree"
}
