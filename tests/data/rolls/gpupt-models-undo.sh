#!/bin/sh
# Takes back what roll gpupt did on host vm-container-0-15 of appliance vm-container; written by `cluster run
# roll gpupt host=vm-container-0-15 undo=yes`.
#
# As root on that host: sh undo-roll.sh [--dry-run] [--remove-packages]. The roll noted there what it
# changed; what somebody else has changed since is left alone.

# What the inventory says of the host.
export host=vm-container-0-15
export appliance=vm-container
export cards='0000:02:00.0 0000:03:00.0 0000:83:00.0 0000:84:00.0'
export functions='0000:02:00.0 0000:02:00.1 0000:03:00.0 0000:03:00.1 0000:83:00.0 0000:83:00.1 0000:84:00.0 0000:84:00.1'
export models=10de:0be5,10de:1021,10de:1096,10de:10f1,10de:1c03
export distro_key=''
# Attributes of roll gpupt.
# what turns the IOMMU on; auto (by CPU), or words for the kernel's command line
export gpupt_iommu=auto
# address (gpupci detaches the inventory's cards, and again after each boot), model (vfio-pci takes all of their
# models early), none
export gpupt_bind=model
# NVIDIA's driver for the host itself; remove (and blacklist), blacklist (installed, but never loaded), keep
# (the host needs it)
export gpupt_driver=blacklist
# vendors of cards for gpupci.yaml, quoted, with commas
export gpupt_vendors='"10de", "1002"'
# what is a card too, for gpupci.yaml, as an NVMe disk for GPUDirect Storage; addresses or models, quoted, with
# commas
export gpupt_devices=''
# what is no card, for gpupci.yaml; addresses or models, quoted, with commas
export gpupt_ignore='"0000:85:00.0"'
roll=gpupt

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# shellcheck source=rolls/engine/undo.sh
. rolls/engine/undo.sh

# ---- roll gpupt
unless_needed vagrant vgpu

# What several of its steps say.
# The words of the kernel's line that turn the IOMMU on. Grub reads them as shell, between double quotes.
gpupt_words() {
  case $gpupt_iommu in
    auto)
      if [ -e /sys/firmware/acpi/tables/DMAR ] || grep -q GenuineIntel /proc/cpuinfo; then
        echo intel_iommu=on iommu=pt
      else
        echo iommu=pt
      fi
      ;;
    *[!A-Za-z0-9_.,:=/\ -]*)
      echo "gpupt_iommu has a character that no such word has: $gpupt_iommu" >&2
      return 1
      ;;
    *) printf '%s\n' "$gpupt_iommu" ;;
  esac
}
# The word that turns it off, of lines of a kernel; nothing if there is none. The last word about Intel's counts.
gpupt_off() {
  sed -nE -e 's/^/ /' -e 's/.* ((amd_)?iommu=off)( .*)?$/\1/p' -e 's/.* (intel_iommu=[^ ]*)/\1 /' -e 's/^(intel_iommu=off) .*/\1/p' |
    head -n 1
}
# The packages of NVIDIA's driver that are installed.
gpupt_packages() {
  case $family in
    debian)
      dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'nvidia-driver*' 'nvidia-kernel-*' 'nvidia-dkms-*' nvidia-persistenced \
        'linux-modules-nvidia-*' 'nvidia-headless-*' 'nvidia-legacy-*' 'nvidia-open*' 'nvidia-tesla-*' 2>/dev/null | sed -n 's/^installed //p'
      ;;
    rhel)
      rpm -qa 'nvidia-driver*' 'nvidia-kmod*' 'kmod-nvidia*' 'akmod-nvidia*' 'xorg-x11-drv-nvidia*' nvidia-persistenced \
        'dkms-nvidia*' 'nvidia-open*' 'nvidia-x11-drv*'
      ;;
  esac
}
# Its modules, whoever brought them: a package with another name, or a build by hand.
gpupt_modules() {
  find /lib/modules/ \( -name 'nvidia.ko*' -o -name 'nvidia-current.ko*' -o -name 'nvidia-tesla*.ko*' -o -name 'nvidia-legacy*.ko*' \) \
    2>/dev/null || true
}
# Nothing of it is there.
gpupt_has_no_driver() {
  ! command -v nvidia-uninstall || return 1
  [ -z "$(gpupt_packages)" ] || return 1
  [ -z "$(gpupt_modules)" ] || {
    echo "a module of NVIDIA's driver is there, and no package that has it: $(gpupt_modules | head -n 1). Remove the driver by" \
      "hand, or set gpupt_driver to blacklist" >&2
    return 1
  }
}
# The file of modprobe.d that keeps away what would take the cards. Debian's other drivers are called as they are
# released: nvidia_tesla_470, nvidia_legacy_390xx_drm.
gpupt_blacklist() {
  if [ "$gpupt_driver" = keep ]; then
    echo '# From roll gpupt: gpupt_driver is keep.'
    return
  fi
  # shellcheck disable=SC2046 # one word a module
  set -- nouveau nvidia nvidia_current nvidia_current_drm nvidia_current_modeset nvidia_current_uvm nvidia_drm nvidia_modeset \
    nvidia_uvm nvidiafb $(find /lib/modules/ \( -name 'nvidia-tesla*.ko*' -o -name 'nvidia-legacy*.ko*' \) 2>/dev/null |
      sed -e 's|.*/||' -e 's/\.ko.*//' | tr - _ | sort -u)
  printf 'blacklist %s\n' "$@"
  printf 'install %s /bin/false\n' "$@"
}
# gpupt_name_of ADDRESS: the name that gpupci has for that card.
gpupt_name_of() { gpupci -l | awk -v address="pci_$(echo "$1" | tr ':.' '__')" '$2 == address { print $1 }'; }
# gpupt_is_taken ADDRESS: vfio has that function.
gpupt_is_taken() {
  driver=$(readlink "/sys/bus/pci/devices/$1/driver") || return 1
  case ${driver##*/} in
    vfio-pci | *-vfio-pci | *_vfio_pci | pci-stub) ;;
    *) return 1 ;;
  esac
}
undo_unit gpupci-restore.service

undo_1() {
# A card that a VM uses stays, and with it all that comes after. One with another driver is the host's already.
for card in $cards; do
  gpupt_is_taken "$card" || continue
  name=$(gpupt_name_of "$card")
  [ -z "$name" ] || gpupci -a "$name"
done
}
begin 'the cards of the inventory are detached, once the IOMMU is on'
undo_step undo_1 no

begin 'gpupci has its unit for the boot'
undo_step '' no

undo_2() {
words=$(paste -s -d ' ' "$records/$roll/iommu" 2>/dev/null) || true
[ -z "$words" ] || grubby --update-kernel=ALL --remove-args="$words"
}
if [ "$family" = rhel ]; then
  begin 'the kernel starts with the IOMMU on'
  undo_step undo_2 yes
fi

undo_3() {
afterwards update-grub
}
if [ "$family" = debian ]; then
  begin 'the kernel starts with the IOMMU on'
  undo_step undo_3 yes
fi

undo_4() {
afterwards renew_initramfs all
}
if [ "$family" = rhel ]; then
  begin 'the initramfs is newer than what goes into it'
  undo_step undo_4 yes
fi

undo_5() {
afterwards renew_initramfs all
}
if [ "$family" = debian ]; then
  begin 'the initramfs is newer than what goes into it'
  undo_step undo_5 yes
fi

if [ "$family" = debian ]; then
  begin 'the initramfs loads vfio-pci'
  undo_step '' yes
fi

begin 'vfio-pci takes the models of the cards early, where that is wanted'
undo_step '' yes

begin 'the drivers that would take the cards are kept away'
undo_step '' yes

if [ "$family" = rhel ]; then
  begin 'the host has no NVIDIA driver of its own'
  undo_step '' yes 'the driver is to be installed again from where it came'
fi

if [ "$family" = debian ]; then
  begin 'the host has no NVIDIA driver of its own'
  undo_step '' yes 'the driver is to be installed again from where it came'
fi

begin 'gpupci is there'
undo_step '' no
if [ "$family" = rhel ]; then
put_back /etc/dracut.conf.d/gpupt.conf
fi
put_back /etc/modules-load.d/gpupt.conf
put_back /etc/gpupci/gpupci.yaml
undo_packages

finish_undo
