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
export gpupt_bind=address
# NVIDIA's driver for the host itself; remove (and blacklist), blacklist (installed, but never loaded), keep
# (the host needs it)
export gpupt_driver=remove
# vendors of cards for gpupci.yaml, quoted, with commas
export gpupt_vendors='"10de", "1002"'
# what is a card too, for gpupci.yaml, as an NVMe disk for GPUDirect Storage; addresses or models, quoted, with
# commas
export gpupt_devices=''
# what is no card, for gpupci.yaml; addresses or models, quoted, with commas
export gpupt_ignore=''
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
undo_unit gpupci-restore.service

undo_1() {
# A card that a VM uses stays, and with it all that comes after. One with another driver is the host's already.
for card in $cards; do
  driver=$(readlink "/sys/bus/pci/devices/$card/driver") || continue
  case ${driver##*/} in
    vfio-pci | *-vfio-pci | *_vfio_pci | pci-stub) ;;
    *) continue ;;
  esac
  name=$(gpupci -l | awk -v address="pci_$(echo "$card" | tr ':.' '__')" '$2 == address { print $1 }')
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
