# shellcheck shell=sh disable=SC2154,SC2034 # $ids is of prelude.sh, $family for the lines after
# What is particular to hosts of the family of Debian. Each file in this folder defines the same
# functions; docs/rolls.md says which of them the steps of a roll may use.
#   missing PACKAGE...           prints those that are not installed
#   install_packages PACKAGE...  installs all of them
#   removal_takes PACKAGE...     prints what would go with them when they are removed
#   uninstall_packages PACKAGE...  removes them
#   renew_initramfs all|running  makes the initramfs of all kernels, or of the running one, anew

case $ids in
  *' debian '* | *' ubuntu '*)
    family=debian
    # Another program that installs, as unattended-upgrades does after a boot, is waited for. What the
    # site says of that counts: apt reads its own files later.
    if [ -z "${APT_CONFIG-}" ]; then
      printf '%s\n' 'DPkg::Lock::Timeout "300";' | into "$scratch/apt.conf"
      export APT_CONFIG="$scratch/apt.conf"
    fi
    missing() {
      # dpkg-query reads all that it knows each time, so it is asked once for all packages.
      states=$(dpkg-query -W -f ' ${Package}=${db:Status-Status} ${binary:Package}=${db:Status-Status} ' "$@" 2>/dev/null) || true
      for package in "$@"; do
        case $states in *" $package=installed "*) ;; *) echo "$package" ;; esac
      done
    }
    install_packages() {
      note_packages "$@"
      set -- -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
      # When that fails, the lists of packages may be too old, or not there yet.
      steadily apt-get "$@" || { steadily apt-get -q update && steadily apt-get "$@"; }
    }
    removal_takes() {
      apt-get -q --simulate remove "$@" >"$scratch/simulated"
      sed -n 's/^Remv \([^ ]*\).*/\1/p' "$scratch/simulated"
    }
    uninstall_packages() { steadily apt-get -q -y -o Dpkg::Use-Pty=0 remove "$@"; }
    renew_initramfs() {
      [ "$1" = all ] || set -- "$(uname -r)"
      update-initramfs -u -k "$1"
    }
    ;;
esac
