# shellcheck shell=bash
# A whole Debian of any release in a root: with a network, apt and the devices of a machine, and the checkout in it,
# read-only but for its build folder. What runs there is in namespaces: when the script ends or is killed, its programs
# and its mounts go with it. Sourced by a script of this folder, which sets `command_name` and defines outside() and
# inside(), and ends with
#   begin_in_debian "$@"
# outside() gets the arguments first. What it hands to in_debian becomes the arguments of inside(), in the root.
# shellcheck disable=SC2154 # command_name

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${CLUSTER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-lab}
# shellcheck source=tests/support/debian.sh
. "$repository/tests/support/debian.sh"
# shellcheck source=tests/support/steps.sh
. "$repository/tests/support/steps.sh"
# This is the checkout in the root.
checkout=/src/rollcall

die() {
  echo "$command_name: $*" >&2
  exit 1
}

begin_in_debian() {
  case ${IN_DEBIAN-} in
    '')
      as_root "$@"
      mkdir -p "$cache" "$repository/build"
      outside "$@"
      ;;
    inside)
      trap 'exit 130' INT TERM
      unset IN_DEBIAN
      inside "$@"
      ;;
    *) enter_root "$IN_DEBIAN" "$@" ;;
  esac
}

# Mounts and a root need root's rights; the cache still belongs to the user who started this.
as_root() {
  ((EUID == 0)) && return
  command -v sudo >/dev/null || die "debootstrap and mount want root, and there is no sudo"
  # As a step of run-tests it cannot ask for a password.
  local -a quietly=()
  [[ -t 0 ]] || quietly=(-n)
  exec sudo "${quietly[@]}" -- env "CLUSTER_LAB_CACHE=$cache" "$0" "$@"
}

# make_root RELEASE FOLDER: it comes into the cache when it is whole. So an interrupted debootstrap leaves no half root
# that is used.
make_root() {
  local release=$1 made=$2 mirror work as_told
  # A root that was made as these lines tell is kept.
  as_told="$release $(declare -f make_root | sha256sum)"
  [[ ! -e $made/as-told || $(<"$made/as-told") != "$as_told" ]] || return 0
  command -v debootstrap >/dev/null || die "there is no debootstrap: tests/support/packages.sh install test"
  mirror=$(debian_mirror)
  rm -rf "$made".new.*
  work=$(mktemp -d "$made.new.XXXXXX")
  chmod 755 "$work"
  echo "making a root of Debian $release in $made (once)"
  # debootstrap runs in namespaces, too: it mounts /proc there, which must not be left when it is killed.
  if ! unshare --mount --propagation private --pid --kill-child --fork -- \
    debootstrap --variant=minbase --include=ca-certificates "$release" "$work" "$mirror" >"$made.log" 2>&1; then
    tail -n 5 "$made.log" >&2
    rm -rf "$work"
    die "debootstrap cannot make a Debian $release; its log is $made.log"
  fi
  echo "deb $mirror $release main" >"$work/etc/apt/sources.list"
  mkdir -p "$work$checkout"
  echo "$as_told" >"$work/as-told"
  rm -rf "$made"
  mv "$work" "$made"
}

# in_debian ROOT BUILD ARGUMENT...: calls inside() with the arguments in ROOT, which has BUILD as the build folder of the
# checkout. Returns its status.
in_debian() {
  local status=0
  IN_DEBIAN=$1 unshare --mount --propagation private --pid --kill-child --fork -- "$0" "${@:2}" <&0 &
  # It heeds no other signal. The first process of the namespace goes with it, and all others with that one.
  trap 'kill -KILL "$!"' EXIT
  trap 'exit 130' INT TERM
  wait "$!" || status=$?
  trap - EXIT
  return "$status"
}

# This runs in its own mount namespace. It has what a program expects of a machine, and no device but these.
enter_root() {
  local root=$1 build=$2 device
  shift 2
  # pivot_root needs a root that is a mount.
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=755 run "$root/run"
  mount -t tmpfs -o mode=1777 tmp "$root/tmp"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
  for device in full null random tty urandom zero; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
  cp --remove-destination /etc/resolv.conf /etc/hosts "$root/etc/"
  mount --bind "$repository" "$root$checkout"
  mount -o remount,bind,ro "$root$checkout"
  mount --bind "$build" "$root$checkout/build"
  cd "$root" || exit
  pivot_root . .
  # The old root covers the new one until it is unmounted.
  umount -l .
  cd "$checkout" || exit
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM-dumb}" IN_DEBIAN=inside \
    "$checkout/tests/support/${0##*/}" "$@"
}
