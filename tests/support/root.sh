# shellcheck shell=bash
# A real Debian for a test, of the machine's own release, as programs of the machine run in it: made once by debootstrap,
# kept in the lab's cache, and never written to. Each test sees it through an overlay in memory, in namespaces of its own:
# when the test is killed, also its mounts and its programs go. Without a way out to the network. Sourced, first of all:
#   . root.sh && into_namespaces "$@"
#   fresh_root    sets `root` to a root as new, once a test; /mnt is in memory, too
#   in_root COMMAND...    runs there
# A test that wants an older root sets root_release=NAME before, with the packages that it needs in root_packages.

# shellcheck source=tests/support/debian.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

cache=${CLUSTER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-lab}
made=$cache/root${root_release:+-$root_release}
# A kernel that has no files but these, so that an initramfs and a GRUB menu can be made for it.
root_kernel=6.1.0-0-root

skip() {
  echo "SKIPPED: $*"
  exit 77
}

# Runs the script that sources this again, alone on its machine as far as it sees.
into_namespaces() {
  [[ -z ${IN_NAMESPACES-} ]] || {
    ip link set lo up
    # /mnt of this namespace alone.
    mount -t tmpfs -o mode=755 root-test /mnt
    return
  }
  ((EUID == 0)) || skip "debootstrap, chroot and mount want root"
  command -v debootstrap >/dev/null || skip "there is no debootstrap: tests/support/packages.sh install test"
  unshare --mount --pid --net --fork true 2>/dev/null || skip "this machine lets nobody make namespaces"
  make_root
  IN_NAMESPACES=yes exec unshare --mount --propagation private --pid --kill-child --net --fork -- "$0" "$@"
}

# In the cache when it is whole, so that an interrupted one leaves nothing half made that is used.
make_root() {
  local lock release packages work as_told
  mkdir -p "$cache"
  exec {lock}>"$made.lock"
  flock "$lock"
  release=${root_release:-$(own_release)}
  packages=${root_packages:-busybox,grub2-common,initramfs-tools,kmod,systemd}
  # One that was made as this file tells.
  as_told="$release $packages $(sha256sum <"${BASH_SOURCE[0]}")"
  if [[ ! -e $made/as-told || $(<"$made/as-told") != "$as_told" ]]; then
    rm -rf "$made".new.*
    work=$(mktemp -d "$made.new.XXXXXX")
    echo "making a root of Debian $release in $made (300 MB, once)"
    # In namespaces, too: it mounts /proc there, which must not be left when it is killed.
    if ! unshare --mount --propagation private --pid --kill-child --fork -- debootstrap --variant=minbase "--include=$packages" \
      "$release" "$work" "$(debian_mirror)" >"$made.log" 2>&1; then
      tail -n 5 "$made.log"
      rm -rf "$work"
      skip "debootstrap cannot make a Debian $release; its log is $made.log"
    fi
    rm -f "$work"/var/cache/apt/archives/*.deb "$work"/etc/apt/sources.list
    [[ -n ${root_release-} ]] || bring_kernel "$work"
    echo "$as_told" >"$work/as-told"
    rm -rf "$made"
    chmod 755 "$work"
    mv "$work" "$made"
  fi
  exec {lock}>&-
}

# bring_kernel ROOT: what the package of a kernel would, and a GRUB that boots it.
bring_kernel() {
  mkdir -p "$1/lib/modules/$root_kernel" "$1/boot/grub"
  echo 'a kernel' >"$1/boot/vmlinuz-$root_kernel"
  echo 'CONFIG_RD_GZIP=y' >"$1/boot/config-$root_kernel"
  depmod -b "$1" "$root_kernel" 2>/dev/null
  echo 'COMPRESS=gzip' >"$1/etc/initramfs-tools/conf.d/compress"
  chroot "$1" update-initramfs -c -k "$root_kernel" >/dev/null 2>&1
  echo 'GRUB_CMDLINE_LINUX="console=ttyS0"' >"$1/etc/default/grub"
  : >"$1/boot/grub/grub.cfg"
  # It looks for the disk below the root, and an overlay has none.
  cat >"$1/usr/sbin/grub-probe" <<'END'
#!/bin/sh
case "$*" in
  *target=device*) echo /dev/vda1 ;;
  *target=fs\ * | *target=fs) echo ext2 ;;
  *target=fs_uuid*) echo 0a3407de-014b-458b-b5c1-848e92a327a3 ;;
esac
END
}

fresh_root() {
  root=/mnt/root
  mkdir "$root" /mnt/upper /mnt/work
  mount -t overlay -o "lowerdir=$made,upperdir=/mnt/upper,workdir=/mnt/work" overlay "$root" 2>/dev/null ||
    cp -a "$made/." "$root"
  mount -t proc proc "$root/proc"
}

in_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
