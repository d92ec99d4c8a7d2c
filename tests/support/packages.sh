#!/bin/bash
# The one place that knows which Debian packages this project needs: builds, tests and the lab.
#   packages.sh list GROUP...      prints all of them
#   packages.sh missing GROUP...   prints those that are not installed
#   packages.sh install GROUP...   installs the missing ones, and starts and enables nothing
# Groups: build, test, lab, rolls. For Debian 12 and 13; needs root or sudo to install.
set -euo pipefail

# The number of the release; sid has none, and counts as later than all of them.
# shellcheck source=/dev/null
debian=$(. /etc/os-release && [[ $ID == debian ]] && echo "${VERSION_ID:-99}" || echo 12)

packages_of() {
  case $1 in
    build)
      echo g++ cmake ninja-build pkg-config
      echo debhelper dpkg-dev                # makes the packages for Debian
      echo libarchive-dev libcli11-dev libgmock-dev libgtest-dev libpq-dev libpugixml-dev libsqlite3-dev libsqlitecpp-dev
      echo libssh-dev libssl-dev libvirt-dev libxml2-dev libyaml-cpp-dev libyaml-dev nlohmann-json3-dev
      ;;
    test)
      echo clang libclang-rt-dev llvm        # the second compiler, its sanitizers, their stack traces
      echo lld                               # links a test program in 0.7 s of CPU, GNU's ld in 4.6
      echo shellcheck                        # the scripts
      echo mkdocs                            # the site of the pages
      echo man-db mandoc                     # the two that read manual pages
      echo clang-format clang-tidy           # the layout and the faults of C++; version 14 judges
      echo strace                            # kills a program at a system call of the test's choice
      echo libvirt-clients libxml2-utils     # virt-xml-validate
      echo libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86   # a libvirtd of a test's own, virt-ssh-helper
      echo libvirt-daemon-system             # the user libvirt-qemu, without whom no libvirtd knows QEMU
      echo openssh-client openssh-server     # the real sshd that ssh/ is tested against
      echo krb5-admin-server krb5-kdc krb5-user   # a realm whose tickets log in by ssh
      echo opensc softhsm2 openssh-tests     # a token of PKCS#11, and the one of FIDO that OpenSSH tests itself with
      echo qemu-utils                        # qemu-img
      echo ovmf swtpm swtpm-tools            # firmware and TPM, without which libvirt takes no VM that has them
      # From Debian 13 on SPICE, with the screen qxl, is a package of its own.
      ((debian < 13)) || echo qemu-system-modules-spice
      echo sqlite3 umockdev                  # a look from outside; recordings of real hosts
      echo postgresql                        # servers that a test makes and throws away (postgresql.sh)
      echo sudo                              # by which an ordinary account runs gpupci
      echo python3 python3-fusepy            # hosts whose /sys acts
      echo python3-clustershell              # what its nodeset makes of ranges of hosts
      echo apt-utils debootstrap gpg gpg-agent gpgv iproute2 kmod   # the rolls in a Debian of their own
      echo busybox                           # the shell of small hosts, for scripts that run on any host
      echo lintian rpm rpmlint               # what is packed for RHEL, and who judges packages
      echo ruby                              # what Vagrant reads
      echo jq                                # by which a page shows what JSON is for
      echo chromium chromium-driver          # the browser that opens the page of a fleet
      echo fish zsh                          # shells that complete, besides bash
      echo ansible-core genders prometheus slurmd   # what `report fleet` writes is read by them
      echo bind9-utils dnsmasq-base          # what reads the lines of `report network`
      echo openipmi ipmitool                 # a BMC without a machine, and what talks to it
      # From Debian 13 on each fence agent is a package of its own.
      if ((debian < 13)); then echo fence-agents; else echo fence-agents-dummy fence-agents-ipmilan; fi
      ;;
    lab)
      echo qemu-system-x86 ovmf
      echo cpio kmod openssh-client procps iproute2 zstd # to start the guest
      echo gcc make binutils xz-utils libelf-dev        # to build kernel modules for it
      # These are for the guest. libvirt-daemon-system is not needed there, only on a host of VMs.
      echo libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu openssh-server pciutils systemd udev
      # From Debian 13 on the part that knows node devices is a package of its own.
      ((debian < 13)) || echo libvirt-daemon-driver-nodedev
      echo qemu-utils                        # qemu-img
      echo libxml2-utils                     # virt-xml-validate
      echo dmsetup e2fsprogs perl-base       # what has a disk or a card in use
      ;;
    # Roll gpupt wants these on a vm-container. In the lab such a host has the packages of the machine that runs it.
    rolls) echo libvirt-clients libvirt-daemon-system ovmf pciutils qemu-system-x86 qemu-utils ;;
    *) die "no such group: '$1' (want build, test, lab or rolls)" ;;
  esac
}

die() {
  echo "packages: $*" >&2
  exit 1
}

list() {
  local group
  for group in "$@"; do
    packages_of "$group"
  done | tr ' ' '\n' | sort -u
}

missing() {
  local package state
  list "$@" | while read -r package; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || echo "$package"
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

# Debian starts what it installs. A policy of the machine's own is left as it is.
policy=/usr/sbin/policy-rc.d
forbid_starting() {
  [[ ! -e $policy ]] || return 0
  trap 'as_root rm -f "$policy"' EXIT
  trap 'exit 1' INT TERM
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

# Debian also enables what it installs, for the next boot.
enabled_units() { find /etc/systemd/system -path '*.wants/*' -printf '%f\n' 2>/dev/null | sort -u; }

install() {
  local -a wanted
  mapfile -t wanted < <(missing "$@")
  # The lab downloads its kernel by itself, but apt has to know of one.
  if ((${#wanted[@]} == 0)) && apt-cache show linux-image-amd64 >/dev/null 2>&1; then
    return 0
  fi
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    die "not root and no sudo; as root: apt-get install ${wanted[*]}"
  fi

  if ! apt-get install --simulate --no-install-recommends "${wanted[@]}" linux-image-amd64 >/dev/null 2>&1; then
    as_root apt-get -q update
  fi
  ((${#wanted[@]} > 0)) || return 0
  echo "packages: installing ${wanted[*]}"

  local before unit
  before=$(enabled_units)
  forbid_starting
  # Old lists name files that the mirror no longer has; only the download shows that.
  apt_install "${wanted[@]}" || { as_root apt-get -q update && apt_install "${wanted[@]}"; }
  # Without systemctl there is no systemd, and nothing that would start it.
  command -v systemctl >/dev/null || return 0
  while read -r unit; do
    echo "packages: leaving $unit disabled; to have it: systemctl enable $unit"
    as_root systemctl --quiet disable "$unit" </dev/null
  done < <(comm -13 <(echo "$before") <(enabled_units))
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
}

case ${1:-} in
  list | missing | install) "$@" ;;
  *) die "usage: packages.sh list|missing|install GROUP..." ;;
esac
