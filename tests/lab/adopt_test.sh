#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# adopt_test.sh HOST CLUSTER: a VM that somebody made with virsh, with UEFI, is listed and taken into the inventory as
# it is. Somebody edits it with virsh between two syncs; it gets a card, starts, and says on its console that the card
# is there and all else is where it was. It loses the card again.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

document() { guest 'virsh -q -c qemu:///system dumpxml --inactive "build server"'; }
# places: where the guest finds what is not a card's.
places() { document | awk '/<(disk|interface) /, /<\/(disk|interface)>/' | grep -F '<address '; }
# pci_in DOCUMENT KIND...: where the guest has the devices of these kinds: "02 00 00", which are bus, slot and function.
# libvirt numbers its ports in the order in which firmware numbers the buses behind them.
pci_in() {
  local kinds
  kinds=$(printf '%s\n' "${@:2}" | paste -s -d '|')
  awk "/<($kinds) /, /<\\/($kinds)>/" <<<"$1" |
    sed -nE "s/.*<address type='pci' domain='0x0000' bus='0x(..)' slot='0x(..)' function='0x(.)'.*/\\1 \\2 0\\3/p" | tr a-f A-F
}
# on_console: what is behind ports, as the shell in the VM's firmware lists it: "02 00 00 Network Controller".
on_console() {
  guest 'tr -d "\r" </run/ada.console' | sed -E 's/\x1b\[[0-9;]*m//g' | sed -nE 's/^ *00 +(..) +(..) +(..) ==> ([^-]*) - .*/\1 \2 \3 \4/p' | grep -v '^00 '
}
expect_unchanged() { diff -u <(echo "$1") <(document) >&2 || fail "libvirt's document has changed"; }
expect_nothing_to_do() {
  cluster sync vm config
  expect_status 0
  expect_no_out
  expect_err 'nothing to do'
}

fresh_cards libvirt
# An emulated CPU emulates the VM's CPU, so it boots no system: the shell that is in the firmware says what there is.
mkdir "$scratch/esp"
printf '%s\r\n' pci 'echo rollcall-vm: ready' >"$scratch/esp/startup.nsh"
qemu-img convert -O qcow2 "fat:floppy:$scratch/esp" "$scratch/ada.qcow2"
guest_ssh 'cat >/srv/ada.qcow2' <"$scratch/ada.qcow2"
changes add host vm-container-0-15 address=127.0.0.1 port="$(lab_info port)" user=root
cluster discover host gpu
expect_status 0

guest 'cat >/run/hand.xml <<"XML"
<domain type="qemu">
  <name>build server</name>
  <description>ask Ada before you touch it</description>
  <memory unit="MiB">256</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
    <loader readonly="yes" type="pflash">/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram template="/usr/share/OVMF/OVMF_VARS_4M.fd">/srv/ada_VARS.fd</nvram>
  </os>
  <features><acpi/><apic/></features>
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
</domain>
XML
virsh -q -c qemu:///system define /run/hand.xml >/dev/null'
made=$(document)
at=$(places)

# The inventory knows nothing of it, and its card is not free from then on.
cluster discover host vm format=csv
expect_status 0
grep -qE '^vm-container-0-15,"?build server"?,.*stranger,' "$scratch/out" || fail "a stranger was expected"
changes add host vm other vm-container-0-15 mem=256 disksize=1
cluster add host gpu other gpupci gpupci2
expect_status 1
expect_err "build server"

# It is taken in as it is.
cluster add host vm ada vm-container-0-15 from=libvirt libvirt_name='build server'
expect_status 0
expect_unchanged "$made"
changes remove host vm other
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

# The guest sees it so, too: the new card is behind what was there, and its emulated firmware is there in 150 s of a CPU.
cluster detach host gpu vm-container-0-15 gpupci2
expect_status 0
changes start host vm ada
run guest 'timeout 2000 sh -c "until grep -q ^rollcall-vm:.ready /run/ada.console; do sleep 1; done" ||
  { tail -c 400 /run/ada.console >&2; false; }'
expect_status 0
on_console >"$scratch/console"
for at in "$(pci_in "$made" interface) Network Controller" "$(pci_in "$made" hostdev | head -n 1) Display Controller" \
  "$(pci_in "$made" hostdev | tail -n 1) Multimedia Device" "$(pci_in "$(document)" hostdev | tail -n 1) Multimedia Device"; do
  grep -qxF "$at" "$scratch/console" || fail "'$at' was expected on the console, which has $(<"$scratch/console")"
done
changes stop host vm ada action=poweroff
changes remove host gpu ada gpupci9
cluster sync vm config
expect_status 0
expect_unchanged "$before"

# It is taken from libvirt under its name there; its UEFI variables stay.
changes remove host gpu ada gpupci
cluster sync vm config
expect_status 0
cluster remove host vm ada undefine=yes
expect_status 0
[[ $(guest 'virsh -q -c qemu:///system list --all --name') == '' ]] || fail "the VM should be gone"
guest 'test -e /srv/ada_VARS.fd'
