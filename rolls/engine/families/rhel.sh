# shellcheck shell=sh disable=SC2154,SC2034 # $ids is of prelude.sh, $family for the lines after
# What is particular to hosts of the family of RHEL; see debian.sh.

case $ids in
  *' rhel '* | *' fedora '* | *' centos '*)
    family=rhel
    missing() {
      for package in "$@"; do
        rpm -q --quiet "$package" || echo "$package"
      done
    }
    install_packages() {
      note_packages "$@"
      steadily dnf -q -y install "$@"
    }
    removal_takes() {
      printf '%s\n' "$@"
      rpm -e --test "$@" 2>&1 | sed -n 's/.*needed by (installed) //p'
    }
    uninstall_packages() { steadily dnf -q -y remove "$@"; }
    renew_initramfs() {
      if [ "$1" = all ]; then
        dracut --regenerate-all --force
      else
        dracut --force
      fi
    }
    ;;
esac
