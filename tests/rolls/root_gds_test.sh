#!/bin/bash
# root_gds_test.sh CLUSTER GPUPCI: runs roll gds in a real Debian, as a guest with a card and an NVMe disk that are a
# few plain files. There is no driver for them, so P2PDMA is chosen, and gds-check fails at the end.
set -euo pipefail
# shellcheck source=tests/rolls/on_root.sh
. "$(dirname "$0")/on_root.sh"

"$cluster" add host vm rocks-33 "$host"
host=rocks-33

script gds
expect 1 'no NVMe disk: cluster add host gpu rocks-33 gpupci2 DISK; cluster set host attr rocks-33 pci_switch yes'
device 0000:04:00.0 144d a804 0108
"$cluster" set host attr "$host" gds_packages no-such-package
script gds
expect 1 'Unable to locate package no-such-package' "add NVIDIA's repository of CUDA to this host"
"$cluster" remove host attr "$host" gds_packages

# NVIDIA's own file, or the site's, is kept.
echo '{ "logging": { "level": "TRACE" } }' >"$root/etc/cufile.json"
script gds
expect 0 'gds: changed  the packages of GPUDirect Storage are there' 'gds: changed  cuFile has its settings' 'gds: reboot needed ('
in_file /etc/cufile.json '    "use_pci_p2pdma": true,'
in_file /etc/cufile.json.before-gds '{ "logging": { "level": "TRACE" } }'
in_file /etc/modprobe.d/gds.conf 'options nvme_core multipath=N'

again gds 'gds: ok       cuFile has its settings' 'gds: reboot needed ('

# The other choice is made, and the settings of the first one are taken back.
"$cluster" set host attr "$host" gds_p2pdma no
script gds
expect 0 'gds: changed  cuFile has its settings' 'gds: changed  the drivers are loaded'
in_file /etc/cufile.json '    "use_pci_p2pdma": false,'
in_file /etc/cufile.json.before-gds '{ "logging": { "level": "TRACE" } }'
in_file /etc/modules-load.d/gds.conf nvidia-fs
grep '^options' "$root/etc/modprobe.d/gds.conf" && fail 'the settings of P2PDMA are there still'

# nvidia-fs is loaded, and its list in /proc is read: `auto` uses it for an nvme that is registered with it, and for no
# other. `yes` does not read the list.
mount -t tmpfs -o mode=755 nvidia-fs "$root/proc/driver"
mkdir "$root/proc/driver/nvidia-fs"
"$cluster" set host attr "$host" gds_p2pdma auto
echo 'wekafsio: 1' >"$root/proc/driver/nvidia-fs/modules"
script gds
expect 0 'gds: changed  cuFile has its settings' 'gds: changed  the drivers are loaded'
in_file /etc/cufile.json '    "use_pci_p2pdma": true,'
printf '%s\n' 'wekafsio: 1' 'nvme: 1' >"$root/proc/driver/nvidia-fs/modules"
script gds
expect 0 'gds: changed  cuFile has its settings' 'gds: changed  the drivers are loaded'
in_file /etc/cufile.json '    "use_pci_p2pdma": false,'
in_file /etc/modules-load.d/gds.conf nvidia-fs
script gds
expect 0 'gds: ok       cuFile has its settings' 'gds: ok       the drivers are loaded'
"$cluster" set host attr "$host" gds_p2pdma yes
script gds
expect 0 'gds: changed  cuFile has its settings'
in_file /etc/cufile.json '    "use_pci_p2pdma": true,'
umount "$root/proc/driver"

# After the reboot gds-check runs, and a guest without a driver fails.
rm "$root/run/cluster-rolls.reboot"
script gds
expect 1 'S2   FAIL     there is no NVIDIA driver' 'gds: failed: check: gds-check finds nothing in the way'
exit $((failures > 0))
