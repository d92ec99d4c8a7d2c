# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for those that source this
# Runs the script of a roll in a real Debian, for root_*_test.sh CLUSTER GPUPCI, which source this file. Its packages
# come by apt over HTTP from a tree of `cluster create distro`; they have the right names and are empty. A chroot has no
# IOMMU, no cards, no running systemd and no reboot; the tests say where that matters, and the lab has them.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/root.sh
. "$here/../support/root.sh"
into_namespaces "$@"
cluster=$(realpath "$1")
gpupci=$(realpath "$2")
dir=/mnt/site
mkdir "$dir"
cd "$dir" || exit 1
export CLUSTER_DB=$dir/cluster.db
failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# script ROLL [--dry-run]: runs there the script that the frontend prints for the host. expect STATUS TEXT...: it
# returned STATUS, and wrote each TEXT.
script() {
  "$cluster" run roll "$1" "host=$host" >"$root/tmp/add-roll.sh"
  status=0
  in_root sh /tmp/add-roll.sh "${@:2}" >out 2>&1 || status=$?
}
# take_back ROLL: runs there the script that takes it back.
take_back() {
  "$cluster" run roll "$1" "host=$host" undo=yes >"$root/tmp/undo-roll.sh"
  status=0
  in_root sh /tmp/undo-roll.sh >out 2>&1 || status=$?
}
expect() {
  local line want=$1
  shift
  [[ $status == "$want" ]] || fail "status $status, want $want"
  for line in "$@"; do
    grep -qF -e "$line" out || fail "it did not write: $line"
  done
  if ((failures > 0)); then
    cat out >&2
    exit 1
  fi
}
in_file() { grep -qxF -e "$2" "$root$1" || fail "$1 has no line: $2"; }
# Prints all files of the root that do not belong to the kernel, with their content.
whole_root() { (cd "$root" && find . -xdev \( -path ./tmp -o -path ./var/log \) -prune -o \( -type f -exec sha256sum {} + -o -type l -printf '%p -> %l\n' \)) | sort; }

# again ROLL TEXT...: a second run changes nothing, to the last byte, and writes each TEXT.
again() {
  local before
  before=$(whole_root)
  script "$1"
  expect 0 "${@:2}"
  grep ': changed  ' out && fail 'the second run changed something'
  diff <(echo "$before") <(whole_root) || fail 'the second run changed a file'
}

# device ADDRESS VENDOR DEVICE CLASS: makes a plain file where the kernel would show a device.
device() {
  local device=$root/sys/bus/pci/devices/$1
  mkdir -p "$device"
  echo "0x$2" >"$device/vendor"
  echo "0x$3" >"$device/device"
  echo "0x${4}00" >"$device/class"
}

# ---- the site: the rolls, and a distro with packages of these names
site_packages() {
  local package
  "$cluster" create new roll site "$dir/site"
  mkdir "$dir/site/debs"
  for package in "$@" gpupci; do
    mkdir -p "$dir/$package/DEBIAN"
    printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: the site <root@localhost>\nDescription: stands for %s\n' \
      "$package" "$package" >"$dir/$package/DEBIAN/control"
    # A step looks into this package.
    [[ $package != linux-headers-* ]] || mkdir -p "$dir/$package/lib/modules/${package#linux-headers-}/build"
    # This one is ours, with all that its package has.
    [[ $package != gpupci ]] ||
      DESTDIR=$dir/gpupci cmake --install "$(dirname "$gpupci")/.." --prefix /usr --component gpupci --strip >/dev/null
    dpkg-deb --root-owner-group --build "$dir/$package" "$dir/site/debs" >/dev/null
  done
  "$cluster" add roll "$dir/site"
  "$cluster" enable roll site
  "$cluster" create distro "$dir/distro"
}

packages_of() { sed -n 's/^ *debian: \[\(.*\)\]/\1/p' "$here/../../rolls/$1/roll.yaml" | tr -d , | tr ' ' '\n'; }

serve_distro() {
  mkdir "$root/srv/distro"
  mount --bind "$dir/distro" "$root/srv/distro"
  in_root busybox httpd -p 127.0.0.1:80 -h /srv/distro
  install -D -m 644 "$dir/distro/key.asc" "$root/etc/apt/keyrings/rollcall.asc"
  echo "deb [signed-by=/etc/apt/keyrings/rollcall.asc] http://127.0.0.1/debian ./" >"$root/etc/apt/sources.list"
}

# booted_with WORD...: the line of the root's kernel.
booted_with() {
  echo "$*" >"$dir/cmdline"
  grep -q " $root/proc/cmdline " /proc/mounts || mount --bind "$dir/cmdline" "$root/proc/cmdline"
}
host=vm-container-0-15
"$cluster" add host "$host"
"$cluster" add host gpu "$host" gpupci1 02:00.0
for one in distro gpupt vgpu gds guest vagrant; do
  "$cluster" add roll "$here/../../rolls/$one"
  "$cluster" enable roll "$one"
done
mapfile -t names < <(packages_of gpupt; packages_of vgpu; packages_of guest; packages_of vagrant; echo nvidia-gds; echo "linux-headers-$(uname -r)"
  printf '%s\n' ca-certificates cuda-drivers curl nvidia-container-toolkit nvidia-open)
site_packages "${names[@]}"
fresh_root
serve_distro
device 0000:02:00.0 10de 1c03 0300
booted_with quiet
