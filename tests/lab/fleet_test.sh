#!/bin/bash
# shellcheck disable=SC2016 # it is the guest that expands
# fleet_test.sh HOST CLUSTER: discover, detach, check and attach host gpu, from the frontend to a real agent and back.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"
use_cluster "${2:?the program cluster}"

fresh_cards libvirt
changes add host vm-container-0-15 address=127.0.0.1 port="$(lab_info port)" user=root

# The frontend understands the agent's list of cards: both are new, with two functions each. Then nothing differs.
cluster discover host gpu format=csv
expect_status 0
expect_no_err
cut -d , -f 1-4 "$scratch/out" >"$scratch/changes"
diff -u - "$scratch/changes" <<'END' || fail "two new cards were expected"
host,gpu,change,pci_bus
vm-container-0-15,gpupci1,new,pci_0000_02_00_0
vm-container-0-15,gpupci2,new,pci_0000_03_00_0
END
changes discover host gpu
cluster list host gpu detail=yes format=csv
expect_status 0
for card in gpupci1,pci_0000_02_00_0 gpupci2,pci_0000_03_00_0; do
  grep -qF "vm-container-0-15,$card,present,,1234:1111,2," "$scratch/out" || fail "what is known of $card was expected"
done

cluster detach host gpu vm-container-0-15 gpupci1
expect_done <<'END'
HOST               GPU     PCI_BUS          OUTCOME
vm-container-0-15: gpupci1 pci_0000_02_00_0 detached
END
expect_drivers <<'END'
0000:02:00.0 vfio-pci
0000:02:00.1 vfio-pci
0000:03:00.0 bochs-drm
0000:03:00.1 snd_hda_intel
END

# A card that a program has open stays where it is, and the frontend names the program.
guest 'sleep 300 </dev/dri/by-path/pci-0000:03:00.0-card >/dev/null 2>&1 & echo $! >/run/holder'
cluster detach host gpu vm-container-0-15 all
expect_status 1
expect_err "vm-container-0-15 gpupci2: holder: process $(guest 'cat /run/holder') ('sleep'"
grep -q '^vm-container-0-15: gpupci1 pci_0000_02_00_0 already detached$' "$scratch/out" || fail "gpupci1 was detached before"
grep -q '^vm-container-0-15: gpupci2 pci_0000_03_00_0 untouched$' "$scratch/out" || fail "gpupci2 should be untouched"
guest 'kill $(cat /run/holder)'

# The results of the agent's checks arrive, each with its id; the inventory agrees with the host.
cluster check host gpu all=yes format=csv
grep -q '^vm-container-0-15,,H2,PASS,' "$scratch/out" || fail "H2 (the IOMMU) should pass"
grep -q '^vm-container-0-15,gpupci1,D' "$scratch/out" || fail "checks of gpupci1 were expected"
! grep -q ',drift,' "$scratch/out" || fail "no drift was expected"
expect_no_err

cluster attach host gpu vm-container-0-15
expect_done <<'END'
HOST               GPU     PCI_BUS          OUTCOME
vm-container-0-15: gpupci1 pci_0000_02_00_0 attached
vm-container-0-15: gpupci2 pci_0000_03_00_0 already attached
END
