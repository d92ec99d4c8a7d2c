#!/bin/bash
# Builds and tests the project in a root of the other release of Debian: of 13 on Debian 12, else of 12.
#   other_debian.sh                packages, build with gcc, all tests but those of the lab, quickstart
#   other_debian.sh COMMAND...     runs COMMAND there, in the checkout, to look at what failed
# The root is made once by debootstrap and kept with its own build folder (5 GB) in the lab's cache. The checkout is seen
# there read-only. All of it runs in namespaces: when this ends or is killed, its programs and its mounts go with it.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${CLUSTER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-lab}
# shellcheck source=tests/support/debian.sh
. "$repository/tests/support/debian.sh"
# shellcheck source=tests/support/steps.sh
. "$repository/tests/support/steps.sh"
# This is the checkout in the root.
inside=/src/rollcall

die() {
  echo "other-debian: $*" >&2
  exit 1
}

other_release() {
  if [[ $(own_release) == bookworm ]]; then
    echo trixie
  else
    echo bookworm
  fi
}

# ---- outside

# Mounts and a root need root's rights; the cache still belongs to the user who started this.
as_root() {
  ((EUID == 0)) && return
  command -v sudo >/dev/null || die "debootstrap and mount want root, and there is no sudo"
  # As a step of run-tests it cannot ask for a password.
  local -a quietly=()
  [[ -t 0 ]] || quietly=(-n)
  exec sudo "${quietly[@]}" -- env "CLUSTER_LAB_CACHE=$cache" "$0" "$@"
}

# The root comes into the cache when it is whole. So an interrupted debootstrap leaves no half root that is used.
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
  mkdir -p "$work$inside"
  echo "$as_told" >"$work/as-told"
  rm -rf "$made"
  mv "$work" "$made"
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
  mount --bind "$repository" "$root$inside"
  mount -o remount,bind,ro "$root$inside"
  mount --bind "$build" "$root$inside/build"
  cd "$root"
  pivot_root . .
  # The old root covers the new one until it is unmounted.
  umount -l .
  cd "$inside"
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM-dumb}" IN_OTHER_DEBIAN=inside \
    "$inside/tests/support/other_debian.sh" "$@"
}

# ---- inside

test_project() {
  local failed=() status=0 jobs
  jobs=$(nproc)
  log_dir=build/other-debian
  rm -rf "$log_dir"
  trap stop_step EXIT
  step "packages" tests/support/packages.sh install build test lab
  missing=$(tests/support/packages.sh missing build test lab)
  [[ -z $missing ]] || die "packages.sh has installed them and still misses: $missing"
  if step "build dev (gcc $(gcc -dumpfullversion))" compile; then
    ctest --preset dev --no-tests=error -j "$jobs" -LE lab 2>&1 | tee "$log_dir/ctest.log" || failed+=("tests without the lab")
  else
    failed+=("build dev")
  fi
  step "quickstart" ./quickstart || failed+=("quickstart")
  if ((${#failed[@]} > 0)); then
    printf 'FAILED   %s\n' "${failed[@]}"
    status=1
  fi
  return "$status"
}

compile() { cmake --preset dev && cmake --build --preset dev -j "$jobs"; }

case ${IN_OTHER_DEBIAN-} in
  '')
    as_root "$@"
    release=$(other_release)
    folder=$cache/other-$release
    mkdir -p "$cache" "$folder.build" "$repository/build"
    exec {lock}>"$folder.lock"
    flock "$lock"
    make_root "$release" "$folder"
    IN_OTHER_DEBIAN=$folder unshare --mount --propagation private --pid --kill-child --fork -- "$0" "$@" <&0 &
    # It heeds no other signal. The first process of the namespace goes with it, and all others with that one.
    trap 'kill -KILL "$!"' EXIT
    trap 'exit 130' INT TERM
    status=0
    wait "$!" || status=$?
    trap - EXIT
    exit "$status"
    ;;
  inside)
    trap 'exit 130' INT TERM
    unset IN_OTHER_DEBIAN
    if (($# > 0)); then
      "$@"
    else
      echo "== Debian $(</etc/debian_version)"
      test_project || die "failed after $SECONDS s"
      echo "other-debian: Debian $(</etc/debian_version) passed in $SECONDS s"
    fi
    ;;
  *) enter_root "$IN_OTHER_DEBIAN" "$IN_OTHER_DEBIAN.build" "$@" ;;
esac
