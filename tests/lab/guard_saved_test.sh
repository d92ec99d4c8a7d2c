#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# guard_saved_test.sh HOST: a card stays with its host while libvirt keeps the memory of a VM that has it (managed save),
# whatever the VM's configuration says now: it starts with the devices that it was saved with.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards libvirt

# QEMU saves no VM that runs with such a card; drivers of vfio that can migrate may. So the card takes the place of as many
# letters in the XML of the saved memory.
run guest_ssh '
  set -e
  hostdev="<hostdev mode=\"subsystem\" type=\"pci\" managed=\"no\"><source><address domain=\"0x0000\" bus=\"0x02\" slot=\"0x00\" function=\"0x0\"/></source></hostdev>"
  letters=$(printf "%${#hostdev}s" "" | tr " " x)
  cat >/run/saved.xml <<END
<domain type="qemu"><name>saved</name><description>$letters</description><memory unit="MiB">64</memory>
  <os><type arch="x86_64" machine="pc">hvm</type></os></domain>
END
  virsh -q define /run/saved.xml
  virsh -q start --paused saved
  virsh -q managedsave saved
  hostdev=$hostdev perl -0777 -pi -e "s{<description>x+</description>(.*?<devices>)}{\$1 . \$ENV{hostdev} . q( ) x length(q(<description></description>))}se" \
    /var/lib/libvirt/qemu/save/saved.save
  virsh managedsave-dumpxml saved | grep -q "<hostdev "
  ! virsh dumpxml saved | grep -q "<hostdev "'
expect_status 0

agent -d gpupci1
expect_status 1
expect_no_out
expect_err "cannot detach gpupci1: vm: VM 'saved' is saved with it (libvirt says 0000:02:00.0); virsh start saved and then virsh shutdown saved; or give up its memory: virsh managedsave-remove saved"
agent -d gpupci2
expect_status 0
agent --check gpupci1
grep -q "^V1 .* FAIL  *VM 'saved' is saved with it" "$scratch/out" || fail "V1 was expected to fail"

run guest 'virsh -q managedsave-remove saved && virsh -q undefine saved'
expect_status 0
agent -d gpupci1
expect_status 0
expect_no_err
agent -a all
expect_status 0
