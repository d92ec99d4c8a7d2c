#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# slices_test.sh HOST CLUSTER: virtual functions and mediated devices are made, given to a VM, kept from harm while they
# are used, removed, and made again after a reboot. The machine is `slices`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

fresh_cards libvirt
settings 'devices: ["1b36:0010"]'
guest 'echo 0 >/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs
  for vgpu in /sys/bus/mdev/devices/*; do [ ! -e "$vgpu" ] || echo 1 >"$vgpu/remove"; done'

# while_open PATH COMMAND: runs COMMAND while a program has PATH open, as a VM has its group of vfio.
while_open() { run guest_ssh "exec 7<>$1; $2; exit \$?"; }

agent --vfs gpupci1 2
expect_done <<<"GPU card 'gpupci1' has 2 virtual functions"
agent -l
expect_done <<'END'
gpupci1 pci_0000_01_00_0
gpupci1.0 pci_0000_01_00_1
gpupci1.1 pci_0000_01_00_2
END
run guest 'cat /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs'
expect_done <<<2
agent --vfs gpupci1 9
expect_status 1
expect_err 'gpupci: cannot set the virtual functions of gpupci1: it can have 4 at most, not 9'

# One virtual function is given to a VM, and the card stays as it is while the VM has it.
agent -d gpupci1.0
expect_done <<<"Detached GPU card 'gpupci1.0' function device 0000:01:00.1"
agent --vfs gpupci1 4
expect_status 1
expect_err 'gpupci: cannot set the virtual functions of gpupci1: slices: 0000:01:00.1 is detached (on vfio-pci); gpupci -a gpupci1.0'
group=$(guest 'basename "$(readlink /sys/bus/pci/devices/0000:01:00.1/iommu_group)"')
while_open "/dev/vfio/$group" 'gpupci --vfs gpupci1 0 --force=slices'
expect_status 1
expect_no_out
expect_err 'gpupci: cannot set the virtual functions of gpupci1: vm: process '
expect_err "has /dev/vfio/$group open"
while_open "/dev/vfio/$group" 'gpupci -a gpupci1.0'
expect_status 1
expect_err 'gpupci: cannot attach gpupci1.0: vm: process '
run guest 'cat /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs'
expect_done <<<2

# The card itself cannot be detached while they are used.
agent -d gpupci1
expect_status 1
expect_err 'gpupci: cannot detach gpupci1: slices: 0000:01:00.0 has 2 active virtual functions; '

# The mediated devices have a parent that is no PCI device. They go through libvirt, and by sysfs where it does not run.
agent --types mtty
expect_status 0
grep -qE '^mtty +mtty-1 +24 ' "$scratch/out" || fail "24 of mtty-1 were expected"
vgpus=()
for through in libvirt sysfs; do
  [[ $through == libvirt ]] || guest 'lab-libvirtd stop'
  agent --create-vgpu mtty mtty-2
  expect_status 0
  expect_no_err
  grep -qE '^Created vGPU [-0-9a-f]{36} of type mtty-2 on mtty, lease [0-9a-f]{16}$' "$scratch/out" || fail "a vGPU was expected"
  vgpus+=("$(awk '{ print $3, $NF }' "$scratch/out")")
done
run guest 'ls /sys/bus/mdev/devices'
expect_status 0
printf '%s\n' "${vgpus[@]}" | cut -d ' ' -f 1 | sort >"$scratch/wanted"
sort "$scratch/out" | diff - "$scratch/wanted" || fail "the kernel should have both"
read -r first lease <<<"${vgpus[0]}"

# The inventory gives one of each to a VM. libvirt takes the rendered document, QEMU runs with it, and the host does not
# touch them.
guest 'lab-libvirtd start'
changes add host slices address=127.0.0.1 port="$(lab_info port)" user=root
changes add host vm rocks-33 slices mem=64 disksize=1
changes add host attr rocks-33 vm_interface none
changes add host attr rocks-33 vm_type qemu
changes add host attr rocks-33 vm_cpu_mode maximum
cluster discover host gpu
expect_status 0
changes add host gpu rocks-33 gpupci1 gpupci1.0
changes add host gpu rocks-33 gpupci2 "$first"
cluster report vm config rocks-33
expect_status 0
guest_ssh 'cat >/run/rocks-33.xml' <"$scratch/out"
run guest 'virsh -q -c qemu:///system define --validate /run/rocks-33.xml'
expect_status 0
changes start host vm rocks-33
cluster list host vm rocks-33 status=yes format=csv
grep -q '^rocks-33,.*,active$' "$scratch/out" || fail "VM status 'active' was expected"
agent --vfs gpupci1 0 --force=slices
expect_status 1
expect_err "vm: VM 'rocks-33' runs with it"
agent --remove-vgpu "$first" --lease="$lease"
expect_status 1
expect_err "rocks-33"
changes stop host vm rocks-33 action=poweroff
agent -a gpupci1.0
expect_status 0
cluster start host vm rocks-33
expect_status 1
expect_err "the slice 'slices gpupci1.0' is attached to its host: pci_0000_01_00_1 has no driver"
agent -d gpupci1.0
expect_status 0
guest 'virsh -q -c qemu:///system undefine rocks-33; rm -f /var/lib/libvirt/images/rocks-33*; lab-libvirtd stop'

# One lease is stale, and the vGPU of the other is in use.
agent --remove-vgpu "$first" --lease=0123456789abcdef
expect_status 1
expect_err "gpupci: cannot remove vGPU $first: lease $lease has it since "
group=$(guest "basename \"\$(readlink /sys/bus/mdev/devices/$first/iommu_group)\"")
while_open "/dev/vfio/$group" "gpupci --remove-vgpu $first --lease=$lease"
expect_status 1
expect_err "has /dev/vfio/$group open"

# After a reboot all is made again: the same vGPUs with their leases, the virtual functions, and the detached one is
# detached again.
agent --vgpus
expect_status 0
sort "$scratch/out" >"$scratch/vgpus"
"$lab" reboot "$host" --keep
run guest 'cat /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs; ls /sys/bus/mdev/devices'
expect_done <<<0
agent --restore
expect_status 0
expect_no_err
agent --vgpus
expect_status 0
sort "$scratch/out" | diff "$scratch/vgpus" - || fail "the same vGPUs were expected"
run guest 'cd /sys/bus/pci/devices; cat 0000:01:00.0/sriov_numvfs; basename "$(readlink 0000:01:00.1/driver)"'
expect_done <<'END'
2
vfio-pci
END

# All is removed, and nothing is remembered.
for one in "${vgpus[@]}"; do
  agent --remove-vgpu "${one% *}" "--lease=${one#* }"
  expect_done <<<"Removed vGPU ${one% *}"
done
agent -a gpupci1.0
expect_status 0
agent --vfs gpupci1 0
expect_status 0
run guest 'ls /sys/bus/mdev/devices /var/lib/gpupci; cat /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs'
expect_done <<'END'
/sys/bus/mdev/devices:

/var/lib/gpupci:
names.json
0
END
