#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# adopt_test.sh HOST CLUSTER: a VM that somebody made with virsh, with UEFI, is listed and taken into the inventory as
# it is. Somebody edits it with virsh between two syncs; it gets a card and starts. It moves to another machine, which
# this test boots, with its UEFI variables, and boots a kernel there, which says on its console that the cards are there
# and all else is where it was. It loses the card again. A VM that the inventory made with UEFI moves in the same way.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

first=$host
other='vm-container-0-16'
trap '"$lab" down "$other"; end_test' EXIT
firmware=/usr/share/OVMF/OVMF_CODE_4M.fd

# on MACHINE: `guest`, `document` and the like are about this one from here on.
on() { host=$1; }
document() { guest 'virsh -q -c qemu:///system dumpxml --inactive "build server"'; }
# sum FILE: what the machine has in it.
sum() { guest "sha256sum <$1"; }
# places: where the guest finds what is not a card's.
places() { document | awk '/<(disk|interface) /, /<\/(disk|interface)>/' | grep -F '<address '; }
# pci_in DOCUMENT KIND...: where the guest has the devices of these kinds: "0000:02:00.0". libvirt numbers its ports in
# the order in which firmware numbers the buses behind them.
pci_in() {
  local kinds
  kinds=$(printf '%s\n' "${@:2}" | paste -s -d '|')
  awk "/<($kinds) /, /<\\/($kinds)>/" <<<"$1" |
    sed -nE "s/.*<address type='pci' domain='0x0000' bus='0x(..)' slot='0x(..)' function='0x(.)'.*/0000:\\1:\\2.\\3/p"
}
# on_console: the network card and the functions of cards that the kernel in the VM sees: "0000:02:00.0 1af4:1041".
on_console() {
  guest 'tr -d "\r" </run/ada.console' | sed -nE 's/^pci [^ ]+ ([^ ]+ (1af4:1041|1234:1111|8086:2668)) .*/\1/p'
}
# elsewhere: a document without what is another on each machine, the address of a card there and the sum of what we say.
elsewhere() { grep -vE "<address domain=|fingerprint="; }
expect_unchanged() { diff -u <(echo "$1") <(document) >&2 || fail "libvirt's document has changed"; }
expect_nothing_to_do() {
  cluster sync vm config
  expect_status 0
  expect_no_out
  expect_err 'nothing to do'
}

# reach_both: asserts and cluster reach the other machine as well as the first from here on.
reach_both() {
  local machine
  for machine in "$first" "$other"; do
    on "$machine"
    cat "$(lab_info known_hosts)" >>"$scratch/known_hosts"
    sed "s|^ *UserKnownHostsFile .*|  UserKnownHostsFile $scratch/known_hosts|" "$(lab_info ssh_config)" \
      >>"$scratch/ssh_config"
    changes add host "$machine" address=127.0.0.1 port="$(lab_info port)" user=root
  done
  sed -i "s|^Include .*|Include \"$scratch/ssh_config\"|" "$scratch/one_connection"
  export CLUSTER_SSH_CONFIG=$scratch/ssh_config
  on "$first"
}
# bring FILE: copies it from this machine to the other one, as an operator does.
bring() { guest "cat $1" | ssh -F "$scratch/one_connection" "$other" "mkdir -p $(dirname "$1"); cat >$1"; }
# expect_moves VM FILE: the VM moves to the other machine when FILE, its UEFI variables, has been copied. The first
# machine keeps its own.
expect_moves() {
  local vm=$1 file=$2 sum
  sum=$(sum "$file")
  cluster set host vm "$vm" container="$other"
  expect_status 1
  expect_no_out
  expect_err "its UEFI variables stay on $first: copy $file to $other, then say it again with force=yes"
  guest 'virsh -q -c qemu:///system list --all --name' >"$scratch/before"
  bring "$file"
  cluster set host vm "$vm" container="$other" force=yes
  expect_status 0
  expect_no_out
  expect_err "its UEFI variables stay on $first: copy $file to $other before it starts there"
  guest 'virsh -q -c qemu:///system list --all --name' >"$scratch/after"
  (($(wc -l <"$scratch/before") == $(wc -l <"$scratch/after") + 1)) ||
    fail "libvirt on $first should have forgotten $vm alone"
  [[ $(sum "$file") == "$sum" ]] || fail "the first machine should keep $file"
  cluster sync vm config "$vm"
  expect_status 0
  on "$other"
  [[ $(sum "$file") == "$sum" ]] || fail "$vm should be defined with the variables that were copied"
  on "$first"
}
"$lab" up "$other" --card video+audio --card video+audio --memory 1024 --anew
reach_both
# An emulated CPU boots a VM in a fifth of the time where KVM runs the VM: it emulates SVM as well.
for machine in "$other" "$first"; do
  on "$machine"
  type=$(guest 'modprobe -q kvm_amd || modprobe -q kvm_intel || true; if [ -e /dev/kvm ]; then echo kvm; else echo qemu; fi')
done
fresh_cards libvirt

# The VM has a history: its firmware has stored a variable of its shell.
mkdir "$scratch/past" "$scratch/esp"
printf '%s\r\n' 'set history kept' 'reset -s' >"$scratch/past/startup.nsh"
cp /usr/share/OVMF/OVMF_VARS_4M.fd "$scratch/VARS.fd"
timeout 500 qemu-system-x86_64 -accel tcg -machine q35 -cpu max -m 256 -nodefaults -display none -no-reboot \
  -drive "if=pflash,format=raw,readonly=on,file=$firmware" -drive "if=pflash,format=raw,file=$scratch/VARS.fd" \
  -drive "if=virtio,format=raw,readonly=on,file=fat:floppy:$scratch/past"
guest_ssh 'cat >/srv/ada_VARS.fd' <"$scratch/VARS.fd"

# From its disk the shell starts a kernel, which has an EFI stub. The program in there lists the devices of the VM.
cp "$(lab_info kernel)" "$scratch/esp/linux.efi"
guest 'cat /run/lab/vm-initramfs' >"$scratch/esp/initrd"
words='console=ttyS0 quiet nokaslr no_timer_check highres=off nohz=off cryptomgr.notests rodata=off panic=-1'
printf '%s\r\n' 'echo rollcall-history: %history%' 'fs0:' "linux.efi initrd=\\initrd $words" >"$scratch/esp/startup.nsh"
qemu-img convert -O qcow2 "fat:$scratch/esp" "$scratch/ada.qcow2"
guest_ssh 'cat >/srv/ada.qcow2' <"$scratch/ada.qcow2"
cluster discover host gpu
expect_status 0

# Without kernel_irqchip=off the QEMU of the machine ends when firmware writes to CR8 while an interrupt is pending: see
# docs/lab.md. KVM refuses some of its own features then; a hidden KVM has none.
guest 'cat >/run/hand.xml <<"XML"
<domain type="'"$type"'" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>build server</name>
  <description>ask Ada before you touch it</description>
  <memory unit="MiB">256</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
    <loader readonly="yes" type="pflash">/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram template="/usr/share/OVMF/OVMF_VARS_4M.fd">/srv/ada_VARS.fd</nvram>
  </os>
  <features><acpi/><apic/><kvm><hidden state="on"/></kvm></features>
  <cpu mode="maximum"/>
  <on_crash>preserve</on_crash>
  <devices>
    <disk type="file" device="disk">
      <driver name="qemu" type="qcow2" cache="none"/>
      <source file="/srv/ada.qcow2"/>
      <target dev="vda" bus="virtio"/>
    </disk>
    <interface type="user">
      <mac address="52:54:00:ad:a0:01"/>
      <model type="virtio"/>
      <rom enabled="no"/>
    </interface>
    <serial type="file"><source path="/run/ada.console"/><target port="0"/></serial>
    <hostdev mode="subsystem" type="pci" managed="yes">
      <source><address domain="0" bus="3" slot="0" function="0"/></source>
      <address type="pci" domain="0" bus="1" slot="0" function="0" multifunction="on"/>
    </hostdev>
    <hostdev mode="subsystem" type="pci" managed="yes">
      <source><address domain="0" bus="3" slot="0" function="1"/></source>
      <address type="pci" domain="0" bus="1" slot="0" function="1"/>
    </hostdev>
  </devices>
  <qemu:commandline><qemu:arg value="-machine"/><qemu:arg value="kernel_irqchip=off"/></qemu:commandline>
</domain>
XML
virsh -q -c qemu:///system define /run/hand.xml >/dev/null'
made=$(document)
at=$(places)

# The inventory knows nothing of it, and its card is not free from then on.
cluster discover host vm format=csv
expect_status 0
grep -qE '^vm-container-0-15,"?build server"?,.*stranger,' "$scratch/out" || fail "a stranger was expected"
changes add host vm eve vm-container-0-15 mem=256 disksize=1
cluster add host gpu eve gpupci gpupci2
expect_status 1
expect_err "build server"

# It is taken in as it is.
cluster add host vm ada vm-container-0-15 from=libvirt libvirt_name='build server'
expect_status 0
expect_unchanged "$made"
changes remove host vm eve
expect_nothing_to_do
expect_unchanged "$made"

# What the inventory has no word for may be edited; what it says is asked about.
guest 'virsh -q -c qemu:///system desc "build server" --config "ask Grace" >/dev/null'
expect_nothing_to_do
guest 'virsh -q -c qemu:///system setvcpus "build server" 2 --config --maximum'
edited=$(document)
cluster sync vm config
expect_status 1
expect_err 'keep=theirs accepts that, keep=ours sets it back'
expect_unchanged "$edited"
cluster sync vm config keep=ours
expect_status 0
document | grep -q '>1</vcpu>' || fail "the CPUs should be set back"
document | grep -q 'ask Grace' || fail "the description should stay"

# A card comes, and goes again.
before=$(document)
cluster detach host gpu vm-container-0-15 gpupci1
expect_status 0
changes add host gpu ada gpupci9 gpupci1
cluster sync vm config
expect_status 0
document | grep -qF "<address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>" || fail "the card should be there"
[[ $(places) == "$at" ]] || fail "the disk and the network card should be where they were"
expect_nothing_to_do

# It starts with both cards. What its firmware stores later is what moves with it.
cluster detach host gpu vm-container-0-15 gpupci2
expect_status 0
[[ $(sum /srv/ada_VARS.fd) == "$(sha256sum <"$scratch/VARS.fd")" ]] ||
  fail "nothing but firmware should change the variables"
changes start host vm ada
cluster list host vm ada status=yes format=csv
grep -q ',active$' "$scratch/out" || fail "the VM should run"
changes stop host vm ada action=poweroff

# It moves with its disk, its variables and two cards.
expect_moves ada /srv/ada_VARS.fd
on "$other"
guest_ssh 'cat >/srv/ada.qcow2' <"$scratch/ada.qcow2"
cluster detach host gpu "$other" all
expect_status 0
[[ $(places) == "$at" ]] || fail "the disk and the network card should be where they were"

# Its firmware has the variables of the past, and a kernel sees each device where it was, the new card behind them.
changes start host vm ada
run guest 'timeout 2000 sh -c "until grep -q ^rollcall-vm:.ready /run/ada.console; do sleep 1; done" ||
  { tail -c 400 /run/ada.console >&2; false; }'
expect_status 0
guest 'grep -q "^rollcall-history: kept" /run/ada.console' || fail "its firmware should have the variable of the past"
{
  echo "$(pci_in "$made" interface) 1af4:1041"
  pci_in "$(document)" hostdev | sed -E 's/\.0$/& 1234:1111/; s/\.1$/& 8086:2668/'
} | sort >"$scratch/expected"
head -n 2 <(pci_in "$(document)" hostdev) | diff -u <(pci_in "$made" hostdev) - >&2 ||
  fail "the first card should be where it was"
on_console | sort | diff -u "$scratch/expected" - >&2 || fail "other devices were expected on the console"
changes stop host vm ada action=poweroff
changes remove host gpu ada gpupci9
cluster sync vm config
expect_status 0
diff -u <(elsewhere <<<"$before") <(document | elsewhere) >&2 ||
  fail "all but the card's place on its host should be as before"

# It is taken from libvirt under its name there; its UEFI variables stay.
changes remove host gpu ada gpupci
cluster sync vm config
expect_status 0
cluster remove host vm ada undefine=yes
expect_status 0
[[ $(guest 'virsh -q -c qemu:///system list --all --name') == '' ]] || fail "the VM should be gone"
guest 'test -e /srv/ada_VARS.fd'

# libvirt chose where the variables of a VM are that the inventory made with UEFI. They end with a mark.
on "$first"
file=/var/lib/libvirt/qemu/nvram/rocks-33_VARS.fd
changes add host vm rocks-33 "$first" mem=256 disksize=1
for attribute in type=qemu cpu_mode=maximum interface=none firmware=efi; do
  changes add host attr rocks-33 "vm_${attribute%=*}" "${attribute#*=}"
done
changes start host vm rocks-33
changes stop host vm rocks-33 action=poweroff
guest "printf rollcall | dd status=none conv=notrunc bs=1 seek=540000 of=$file"
expect_moves rocks-33 "$file"
on "$other"
guest 'truncate -s 1G /var/lib/libvirt/images/rocks-33.vda'
changes start host vm rocks-33
guest "virsh -q -c qemu:///system dumpxml rocks-33 | grep -qF '>$file</nvram>'" || fail "it should run with $file"
guest "grep -aq rollcall $file" || fail "it should have the variables that were copied"
changes stop host vm rocks-33 action=poweroff
on "$first"
guest 'modprobe -r -q kvm_amd kvm_intel || true'
