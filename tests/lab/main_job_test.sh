#!/bin/bash
# shellcheck disable=SC2016 # it is the guest that expands
# main_job_test.sh HOST CLUSTER: the frontend's main job on a vm-container that is up, over SSH.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

fresh_cards libvirt
changes add host vm-container-0-15 address=127.0.0.1 port="$(lab_info port)" user=root

# The node's own list goes into the inventory, as quickstart does it.
cluster run host vm-container-0-15 "gpupci -l"
expect_done <<'END'
gpupci1 pci_0000_02_00_0
gpupci2 pci_0000_03_00_0
END
cp "$scratch/out" "$scratch/cards"
while read -r card address; do
  changes add host gpu vm-container-0-15 "$card" "$address"
done <"$scratch/cards"
cluster list host gpu
expect_done <<'END'
HOST               GPU     PCI_BUS
vm-container-0-15: gpupci1 pci_0000_02_00_0
vm-container-0-15: gpupci2 pci_0000_03_00_0
END

cluster run host vm-container-0-15 "gpupci -d all"
expect_done <<'END'
Detached GPU card 'gpupci1' video device 0000:02:00.0
Detached GPU card 'gpupci1' audio device 0000:02:00.1
Detached GPU card 'gpupci2' video device 0000:03:00.0
Detached GPU card 'gpupci2' audio device 0000:03:00.1
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 vfio-pci
0000:03:00.1 vfio-pci
END

# On one host cluster exits with the status of the command, and stderr stays stderr.
cluster run host vm-container-0-15 "gpupci -d gpupci9"
expect_status 1
expect_no_out
expect_err "GPU card gpupci9 not found"

# The command reaches the shell as it was typed.
cluster run host vm-container-0-15 'A="1  2"; echo "$A" '\''$A'\''; exit 7'
expect_status 7
expect_out <<'END'
1  2 $A
END

changes add host vm rocks-33 vm-container-0-15 mem=4096 cpus=4 disk=file:/vm/rocks-33.qcow2,vda,virtio
changes add host gpu rocks-33 gpupci gpupci1
cluster report vm config rocks-33
expect_status 0
expect_err "V11: 'gpupci' is known by address alone"
grep -qF "<address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>" "$scratch/out" ||
  fail "the card's address in the configuration was expected"
cp "$scratch/out" "$scratch/rocks-33.xml"
run virt-xml-validate "$scratch/rocks-33.xml" domain
expect_status 0

cluster run host vm-container-0-15 "gpupci -a all"
expect_done <<'END'
Attached video card 0000:02:00.0 of gpupci1
Attached audio card 0000:02:00.1 of gpupci1
Attached video card 0000:03:00.0 of gpupci2
Attached audio card 0000:03:00.1 of gpupci2
END
expect_attached

# A host with another key than the known one gets another message than a host that is down.
sed 's/ssh-ed25519 .*/ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/' \
  "$(dirname "$ssh_config")/known_hosts" >"$scratch/known_hosts"
sed "s|UserKnownHostsFile .*|UserKnownHostsFile $scratch/known_hosts|" "$ssh_config" >"$scratch/ssh_config"
CLUSTER_SSH_CONFIG=$scratch/ssh_config cluster run host vm-container-0-15 "true"
expect_status 3
expect_no_out
expect_err "host key"
