#!/bin/sh
# Takes back what roll gds did on host rocks-33 of appliance vm; written by `cluster run roll gds host=rocks-33
# undo=yes`.
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
# Attributes of roll gds.
# whether Linux's P2PDMA is used in the place of nvidia-fs; auto where nvidia-fs does not load or nvme does not
# know it
export gds_p2pdma=auto
# packages to be installed, of NVIDIA's or the site's repository; nothing when the site does it
export gds_packages=nvidia-gds
# false lets cuFile fail where it cannot go directly; true lets it go through the memory of the CPU, without
# saying so
export gds_compat=true
# the largest piece of one read or write, in KiB
export gds_max_direct_io_size_kb=16384
# other values of cufile.json, KEY=VALUE with spaces between them (logging.level=DEBUG
# execution.max_io_threads=8); VALUE is a word, or JSON without spaces
export gds_cufile=''
roll=gds

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# shellcheck source=rolls/engine/undo.sh
. rolls/engine/undo.sh

# ---- roll gds

undo_1() {
if [ -e "/boot/initrd.img-$(uname -r)" ] || [ -e "/boot/initramfs-$(uname -r).img" ]; then
  afterwards renew_initramfs running
fi
}
begin 'the drivers are loaded as cuFile'\''s way wants it'
undo_step undo_1 yes

begin 'cuFile has its settings'
undo_step '' no

begin 'the packages of GPUDirect Storage are there'
undo_step '' no
put_back /usr/local/share/gds/wanted-cufile
put_back /usr/local/share/gds/set-cufile
put_back /usr/local/share/gds/cufile.json
put_back /usr/local/bin/gds-check
undo_packages

finish_undo
