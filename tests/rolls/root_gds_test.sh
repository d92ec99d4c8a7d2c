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

# Of NVIDIA's own file, or the site's, single values are changed, and a copy is kept.
cat >"$root/etc/cufile.json" <<'END'
{
  // ours: { "level": 1 }
  "logging" : { "level" : "TRACE" },
  "fs": { "mount": { "use_pci_p2pdma": false } },
  "properties": {
    "max_direct_io_size_kb" : 4096,
    "io_batchsize": 64
  }
}
END
cp "$root/etc/cufile.json" theirs
"$cluster" set host attr "$host" gds_cufile 'execution.max_io_threads=8 properties.allow_compat_mode=true'
script gds
expect 1 'gds: changed  the packages of GPUDirect Storage are there' 'gds_cufile has properties.allow_compat_mode: want it in gds_compat' \
  'gds: failed: cuFile has its settings'
cmp theirs "$root/etc/cufile.json" || fail 'it was changed'
"$cluster" set host attr "$host" gds_cufile 'execution.max_io_threads=8 properties.rdma_dev_addr_list=["10.0.0.1"]'
script gds
expect 0 'gds: changed  cuFile has its settings' 'gds: reboot needed ('
in_file /etc/cufile.json '    "use_pci_p2pdma": true,'
cmp theirs "$root/etc/cufile.json.before-gds" || fail 'what was there is another'
[[ $(diff theirs "$root/etc/cufile.json" | grep '^[<>]') == '>   "execution": { "max_io_threads": 8 },
<     "max_direct_io_size_kb" : 4096,
>     "allow_compat_mode": true,
>     "use_pci_p2pdma": true,
>     "rdma_dev_addr_list": ["10.0.0.1"],
>     "max_direct_io_size_kb" : 16384,' ]] || fail "other lines: $(diff theirs "$root/etc/cufile.json")"
in_file /etc/modprobe.d/gds.conf 'options nvme_core multipath=N'

again gds 'gds: ok       cuFile has its settings' 'gds: reboot needed ('

# The other choice is made, and the settings of the first one are taken back.
"$cluster" set host attr "$host" gds_p2pdma no
script gds
expect 0 'gds: changed  cuFile has its settings' 'gds: changed  the drivers are loaded'
in_file /etc/cufile.json '    "use_pci_p2pdma": false,'
cmp theirs "$root/etc/cufile.json.before-gds" || fail 'what was there is another'
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

# The way back: the file is as it was, and the package is told, not the step that installed it.
take_back gds
expect 0 'gds: undone   cuFile has its settings' 'gds: stays    packages nvidia-gds: packages=remove'
grep -q 'no script can take it back' out && fail 'a step that installs packages has a way back'
cmp theirs "$root/etc/cufile.json" || fail 'it is not as it was'
[[ ! -e $root/usr/local/share/gds/set-cufile ]] || fail 'set-cufile stays'
exit $((failures > 0))
