#!/bin/sh
# Takes back what roll vgpu did on host vm-container-0-16 of appliance vm-container; written by `cluster run
# roll vgpu host=vm-container-0-16 undo=yes`.
#
# As root on that host: sh undo-roll.sh [--dry-run] [--remove-packages]. The roll noted there what it
# changed; what somebody else has changed since is left alone.

# What the inventory says of the host.
export host=vm-container-0-16
export appliance=vm-container
export cards=0000:82:00.0
export functions=0000:82:00.0
export models=10de:1eb8
export distro_key=''
# Attributes of roll gpupt.
# what turns the IOMMU on; auto (by CPU), or words for the kernel's command line
export gpupt_iommu=auto
# address (gpupci detaches the inventory's cards, and again after each boot), model (vfio-pci takes all of their
# models early), none
export gpupt_bind=none
# NVIDIA's driver for the host itself; remove (and blacklist), blacklist (installed, but never loaded), keep
# (the host needs it)
export gpupt_driver=keep
# vendors of cards for gpupci.yaml, quoted, with commas
export gpupt_vendors='"10de", "1002"'
# what is a card too, for gpupci.yaml, as an NVMe disk for GPUDirect Storage; addresses or models, quoted, with
# commas
export gpupt_devices=''
# what is no card, for gpupci.yaml; addresses or models, quoted, with commas
export gpupt_ignore=''
# Attributes of roll vgpu.
# path on the host of NVIDIA's Virtual GPU Manager, a .run, .deb or .rpm; NVIDIA gives it to those who have a
# licence, so the site brings it
export vgpu_driver=/root/NVIDIA-Linux-x86_64-580.95.02-vgpu-kvm.run
# which vGPUs a host makes; CARD=TYPE:COUNT with spaces between them (gpupci1=nvidia-222:4; gpupci --types lists
# the types)
export vgpu_profiles=gpupci1=nvidia-222:4
# yes makes a mediated vGPU (attribute mdev_display) the only screen of a VM, over VNC, in the place of
# vm_graphics
export vgpu_console=no
roll=vgpu

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# shellcheck source=rolls/engine/undo.sh
. rolls/engine/undo.sh

# ---- roll vgpu
undo_unit gpupci-vgpus.service

undo_1() {
# gpupci removes none that a VM has, and none that has another lease by now.
if [ -e "$records/$roll/vgpus" ]; then
  while read -r vgpu lease; do
    ! gpupci --vgpus | grep -qwF -e "$lease" || gpupci --remove-vgpu "$vgpu" "--lease=$lease"
  done <"$records/$roll/vgpus"
fi
if [ -e "$records/$roll/functions" ]; then
  while read -r card; do gpupci --vfs "$card" 0; done <"$records/$roll/functions"
fi
}
begin 'the vGPUs of vgpu_profiles are there, once nothing waits for a reboot'
undo_step undo_1 no

undo_2() {
afterwards renew_initramfs running
}
begin 'the initramfs of the running kernel is newer than what goes into it'
undo_step undo_2 yes

undo_3() {
if command -v nvidia-uninstall >/dev/null; then
  nvidia-uninstall --silent
fi
}
begin 'NVIDIA'\''s Virtual GPU Manager is there'
undo_step undo_3 yes

begin 'the site'\''s package of NVIDIA'\''s Virtual GPU Manager is installed'
undo_step '' yes

begin 'the headers of the running kernel are there'
undo_step '' no
put_back /etc/systemd/system/gpupci-vgpus.service
put_back /etc/systemd/system/gpupci-restore.service.d/vgpu.conf
put_back /etc/modprobe.d/vgpu-nouveau.conf
undo_packages

finish_undo
