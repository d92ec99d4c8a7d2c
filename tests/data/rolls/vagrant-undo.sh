#!/bin/sh
# Takes back what roll vagrant did on host vm-container-0-15 of appliance vm-container; written by `cluster run
# roll vagrant host=vm-container-0-15 undo=yes`.
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
roll=vagrant

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# shellcheck source=rolls/engine/undo.sh
. rolls/engine/undo.sh

# ---- roll vagrant
put_back /etc/vagrant/cards.rb
undo_packages

finish_undo
