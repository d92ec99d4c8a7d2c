#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# adopt_test.sh HOST CLUSTER: a VM that somebody made with virsh, with UEFI, is listed and taken into the inventory as
# it is. Somebody edits it with virsh between two syncs; it gets a card and loses it, and all else stays.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

document() { guest 'virsh -q -c qemu:///system dumpxml --inactive "build server"'; }
# places: where the guest finds what is not a card's.
places() { document | awk '/<(disk|interface) /, /<\/(disk|interface)>/' | grep -F '<address '; }
expect_unchanged() { diff -u <(echo "$1") <(document) >&2 || fail "libvirt's document has changed"; }
expect_nothing_to_do() {
  cluster sync vm config
  expect_status 0
  expect_no_out
  expect_err 'nothing to do'
}

fresh_cards libvirt
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
    <nvram>/srv/ada_VARS.fd</nvram>
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
    </interface>
    <hostdev mode="subsystem" type="pci" managed="yes">
      <source><address domain="0" bus="3" slot="0" function="0"/></source>
    </hostdev>
    <hostdev mode="subsystem" type="pci" managed="yes">
      <source><address domain="0" bus="3" slot="0" function="1"/></source>
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
changes remove host gpu ada gpupci9
cluster sync vm config
expect_status 0
expect_unchanged "$before"

# It is taken from libvirt under its name there; its UEFI variables stay.
guest 'touch /srv/ada_VARS.fd'
changes remove host gpu ada gpupci
cluster sync vm config
expect_status 0
cluster remove host vm ada undefine=yes
expect_status 0
[[ $(guest 'virsh -q -c qemu:///system list --all --name') == '' ]] || fail "the VM should be gone"
guest 'test -e /srv/ada_VARS.fd'
