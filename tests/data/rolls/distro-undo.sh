#!/bin/sh
# Takes back what roll distro did on host vm-container-0-15 of appliance vm-container; written by `cluster run
# roll distro host=vm-container-0-15 undo=yes`.
#
# As root on that host: sh undo-roll.sh [--dry-run] [--remove-packages]. The roll noted there what it
# changed; what somebody else has changed since is left alone.

# What the inventory says of the host.
export host=vm-container-0-15
export appliance=vm-container
export cards='0000:02:00.0 0000:03:00.0 0000:83:00.0 0000:84:00.0'
export functions='0000:02:00.0 0000:02:00.1 0000:03:00.0 0000:03:00.1 0000:83:00.0 0000:83:00.1 0000:84:00.0 0000:84:00.1'
export models=10de:0be5,10de:1021,10de:1096,10de:10f1,10de:1c03
export distro_key='-----BEGIN PGP PUBLIC KEY BLOCK-----||mQINBGc=|-----END PGP PUBLIC KEY BLOCK-----'
# Attributes of roll distro.
# where the site's web server has that tree, as http://FRONTEND/distro; without it hosts get the key alone
export distro_url=http://10.1.1.1/distro
roll=distro

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# shellcheck source=rolls/engine/undo.sh
. rolls/engine/undo.sh

# ---- roll distro

undo_1() {
[ "$family" != debian ] || afterwards apt-get -q update
}
begin 'the host installs from the distro'
undo_step undo_1 no

begin 'the distro'\''s key is trusted'
undo_step '' no
undo_packages

finish_undo
