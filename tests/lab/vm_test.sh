#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# vm_test.sh HOST CLUSTER: a row in the inventory becomes a VM that says on its own console that it sees its card, and
# goes away again. Meanwhile some commands are refused, the VM is killed, and the container loses its power.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

# status_is STATUS: `list host vm` shows rocks-33 in this state.
status_is() {
  cluster list host vm rocks-33 status=yes format=csv
  expect_status 0
  grep -q "^rocks-33,.*,$1\$" "$scratch/out"
}
expect_vm_status() { status_is "$1" || fail "VM status '$1' was expected"; }
await_vm_status() {
  local end=$((SECONDS + 120))
  until status_is "$1"; do
    ((SECONDS < end)) || fail "VM status '$1' did not come"
  done
}

# Prints the definitions and disk images of VMs on the container.
expect_nothing_there() {
  run guest 'virsh -q -c qemu:///system list --all --name | grep . || true; ls /var/lib/libvirt/images'
  expect_done </dev/null
}

expect_card1() {
  expect_drivers <<END
0000:02:00.0 ${1:-vfio-pci}
0000:02:00.1 ${2:-vfio-pci}
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END
}

# expect_card_in_vm: the card is behind the port that `report vm config` gives it, 00:02.0, with both functions in one
# slot. The VM's firmware chooses the bus number. The wait is inside the guest, as each ssh would take time from the CPU
# that the machine emulates.
expect_card_in_vm() {
  run guest 'timeout 800 sh -c "until grep -q ^rollcall-vm:.ready /run/rocks-33.console; do sleep 0.5; done" ||
    { tail -n 5 /run/rocks-33.console >&2; false; }'
  expect_status 0
  guest 'tr -d "\r" </run/rocks-33.console' | sed -n 's/^pci 0000:00:02\.0 0000:[0-9a-f]*:/behind its port: /p' >"$scratch/out"
  ran="the VM's console"
  expect_out <<'END'
behind its port: 00.0 1234:1111 038000
behind its port: 00.1 8086:2668 040300
END
}

fresh_cards libvirt
changes add host vm-container-0-15 address=127.0.0.1 port="$(lab_info port)" user=root
cluster discover host gpu
expect_status 0
changes add host vm rocks-33 vm-container-0-15 mem=256 disksize=1
changes add host gpu rocks-33 gpupci gpupci1
# The container has no network of libvirt.
changes add attr vm_interface none
# The machine's CPU is emulated, SVM as well: a VM on KVM boots in a fifth of the time of one that is emulated in there.
type=$(guest 'echo kvm_amd >/etc/modules-load.d/kvm.conf; modprobe -q kvm_amd || true; if [ -e /dev/kvm ]; then echo kvm; else echo qemu; fi')
changes add host attr rocks-33 vm_type "$type"
[[ $type == kvm ]] || changes add host attr rocks-33 vm_cpu_mode maximum
# It needs its own kernel to boot without a disk.
changes add host attr rocks-33 vm_serial /run/rocks-33.console
kernel=/lib/modules/$(guest 'uname -r')/vmlinux
changes add host attr rocks-33 vm_xml_domain "<os><kernel>$kernel</kernel><initrd>/run/lab/vm-initramfs</initrd>
  <cmdline>console=ttyS0 quiet nokaslr no_timer_check highres=off nohz=off cryptomgr.notests rodata=off panic=-1</cmdline></os>"

# The host still has the card: nothing is defined, made or started. It is the same when the host uses the card.
cluster start host vm rocks-33
expect_status 1
expect_no_out
expect_err "'vm-container-0-15 gpupci1' is attached to its host: pci_0000_02_00_0 has the driver 'bochs-drm'"
guest 'sleep 300 </dev/dri/by-path/pci-0000:02:00.0-card >/dev/null 2>&1 & echo $! >/run/holder'
cluster detach host gpu vm-container-0-15 gpupci1
expect_status 1
expect_err "gpupci1: holder: process $(guest 'cat /run/holder') ('sleep'"
cluster start host vm rocks-33
expect_status 1
expect_err 'is attached to its host'
guest 'kill $(cat /run/holder)'
expect_nothing_there
expect_card1 bochs-drm snd_hda_intel

cluster detach host gpu vm-container-0-15 gpupci1
expect_status 0
expect_card1

# The change is shown, then made, and then no change is left.
for dryrun in yes no; do
  cluster sync vm config dryrun=$dryrun format=csv
  expect_done <<'END'
vm,host,change,details
rocks-33,vm-container-0-15,new,
END
  [[ $dryrun == no ]] || expect_nothing_there
done
cluster sync vm config
expect_status 0
expect_no_out
expect_err 'nothing to do'
expect_vm_status 'shut off'

changes start host vm rocks-33
expect_vm_status active
changes start host vm rocks-33

# While it runs, nobody else gets its card: not its host, and not another VM to which the inventory gives the card.
cluster attach host gpu vm-container-0-15 gpupci1
expect_status 1
expect_err "vm-container-0-15 gpupci1: vm: VM 'rocks-33' runs with it"
agent -a gpupci1
expect_status 1
expect_no_out
expect_err "cannot attach gpupci1: vm: VM 'rocks-33' runs with it"
agent --check gpupci1
grep -q "^V1 .* FAIL  *VM 'rocks-33' runs with it" "$scratch/out" || fail "V1 was expected to fail"
changes add host vm rocks-34 vm-container-0-15 mem=256 disksize=1
cluster remove host gpu rocks-33 gpupci
expect_status 1
expect_err "VM 'rocks-33' runs on host 'vm-container-0-15' with gpupci"
cluster remove host vm rocks-33 force=yes
expect_status 1
expect_err "VM 'rocks-33' still holds gpupci1"
cluster remove host gpu rocks-33 gpupci force=yes
expect_status 0
expect_err 'keeps it until it is stopped'
cluster remove host vm rocks-33
expect_status 1
expect_err "VM 'rocks-33' runs on host 'vm-container-0-15'"
changes add host gpu rocks-34 gpupci gpupci1
cluster start host vm rocks-34
expect_status 1
expect_err "the card 'vm-container-0-15 gpupci1' is in the running VM 'rocks-33'"
changes remove host gpu rocks-34 gpupci
changes remove host vm rocks-34
changes add host gpu rocks-33 gpupci gpupci1
expect_card1

expect_card_in_vm

# The VM is killed from outside. This is noticed, the card stays where it was, and the VM can be started again. From now
# on it also starts with its container, and libvirt does not bind the card: without gpupci the VM could not start there.
guest 'kill -KILL $(cat /run/libvirt/qemu/rocks-33.pid)'
await_vm_status 'shut off'
expect_card1
changes add host attr rocks-33 vm_autostart yes
changes add host attr rocks-33 hostdev_managed no
changes start host vm rocks-33
expect_vm_status active

# The container loses its power. Its next boot detaches the card as gpupci's unit does, then libvirtd starts the VM.
guest 'gpupci --print-unit >/etc/systemd/system/gpupci-restore.service; systemctl enable gpupci-restore.service 2>/dev/null'
"$lab" reboot "$host" --keep
changes set host vm-container-0-15 port="$(lab_info port)"
await_vm_status active
expect_card1

changes stop host vm rocks-33 action=poweroff
expect_vm_status 'shut off'
cluster attach host gpu vm-container-0-15 gpupci1
expect_done <<'END'
HOST               GPU     PCI_BUS          OUTCOME
vm-container-0-15: gpupci1 pci_0000_02_00_0 attached
END
expect_card1 bochs-drm snd_hda_intel
