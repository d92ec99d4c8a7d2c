#!/bin/sh
# Takes back what roll guest did on host rocks-33 of appliance vm; written by `cluster run roll guest
# host=rocks-33 undo=yes`.
#
# As root on that host: sh undo-roll.sh [--dry-run] [--remove-packages]. The roll noted there what it
# changed; what somebody else has changed since is left alone.

# What the inventory says of the host.
export host=rocks-33
export appliance=vm
export cards=''
export functions=''
export models=''
export distro_key=''
# Attributes of roll guest.
# NVIDIA's open kernel modules (Turing and later; Blackwell runs with no others), its proprietary ones, what the
# distribution has, or none
export guest_driver=open
# packages of the driver in the place of those that guest_driver means
export guest_packages=''
# where NVIDIA's repositories of CUDA are, or a mirror of them; nothing when the site has set one up
export guest_repository=https://developer.download.nvidia.com/compute/cuda/repos
# yes installs NVIDIA's container toolkit as well, and describes the cards to container engines (CDI)
export guest_container_toolkit=no
roll=guest

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# shellcheck source=rolls/engine/undo.sh
. rolls/engine/undo.sh

# ---- roll guest

begin 'containers can have the cards'
undo_step '' no

undo_1() {
afterwards renew_initramfs running
}
begin 'the initramfs of the running kernel is newer than what goes into it'
undo_step undo_1 yes

begin 'NVIDIA'\''s driver is installed'
undo_step '' yes

undo_2() {
if [ "$family" = debian ] && is_installed cuda-keyring; then
  dpkg --purge cuda-keyring
fi
}
begin 'NVIDIA'\''s repository of CUDA is there'
undo_step undo_2 no

begin 'the headers of the running kernel are there'
undo_step '' no

undo_3() {
systemctl stop qemu-guest-agent
}
begin 'the guest'\''s agent runs'
undo_step undo_3 no
put_back /etc/modprobe.d/guest-nouveau.conf
undo_packages

finish_undo
