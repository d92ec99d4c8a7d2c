#!/bin/bash
# shellcheck disable=SC2016 # it is the guest's shell that expands
# check_test.sh HOST: tests the answers of gpupci --check on a real host and for its cards: as they should be, detached,
# half given back to the host, and needed by the host.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards sysfs
guest 'udevadm settle'

# An emulated CPU has SVM, nothing has loaded KVM, and nothing has been recorded about the cards.
agent --check
expect_status 2
expect_no_err
expect_checks '- FAIL: H1' '- PASS: H2 H3 H4 H7 H8 H9' 'gpupci1 UNKNOWN: D2' 'gpupci2 UNKNOWN: D2'
guest 'modprobe kvm_amd'

# No fault can be seen. The earlier state of the cards cannot be seen either, so those checks neither pass nor fail.
agent --check
expect_status 3
expect_no_err
! grep -qE ' (FAIL|WARN) ' "$scratch/out" || fail "nothing should be wrong"
expect_checks 'gpupci1 UNKNOWN: D2' 'gpupci2 UNKNOWN: D2'
agent -l
expect_status 0

# Each check of each card passes.
agent --check
expect_status 0
expect_no_err
! grep -v -e ' PASS ' -e '^ID ' "$scratch/out" || fail "every check should pass"
expect_checks '- PASS: H1 H2' 'gpupci1 PASS: H5 H6 D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11 D12 D13 D14 D15 D16 D17 D18 D19 D20 D21 D22'

# One card is detached as it should be. The host's checks are printed as well.
agent -d gpupci1
expect_status 0
agent --check gpupci1
expect_status 0
expect_checks '- PASS: H7' 'gpupci1 PASS: H5 D1 D4 D5 D9 D12 D13'
! grep -q gpupci2 "$scratch/out" || fail "gpupci2 was not asked for"

# Somebody has set a driver_override. This is a warning, also as JSON.
guest 'echo pci-stub >/sys/bus/pci/devices/0000:03:00.1/driver_override'
agent --check all
expect_status 1
expect_checks 'gpupci1 PASS: D12' 'gpupci2 WARN: D12'
agent --check gpupci2 --json
expect_status 1
sqlite3 :memory: "SELECT value FROM json_each(readfile('$scratch/out'), '\$.checks') WHERE value->>'id' IN ('H2', 'D12')" \
  >"$scratch/checks" || fail "JSON was expected"
diff - "$scratch/checks" <<'END' || fail "other checks were expected"
{"id":"H2","card":null,"result":"PASS","reason":"the IOMMU is on","fix":null}
{"id":"D12","card":"gpupci2","result":"WARN","reason":"0000:03:00.1 is kept for driver 'pci-stub'","fix":"echo >/sys/bus/pci/devices/0000:03:00.1/driver_override"}
END
guest 'echo >/sys/bus/pci/devices/0000:03:00.1/driver_override'

# A host driver has taken back one function of a detached card, and a program has another card open.
guest 'cd /sys/bus/pci/devices/0000:02:00.1; echo >driver_override; echo 0000:02:00.1 >driver/unbind
  echo 0000:02:00.1 >/sys/bus/pci/drivers_probe'
run guest_ssh 'exec 7</dev/dri/by-path/pci-0000:03:00.0-card; gpupci --check; exit $?'
expect_status 2
expect_checks 'gpupci1 FAIL: D5' 'gpupci2 FAIL: D9' 'gpupci2 PASS: D5'
grep -qF 'D5   gpupci1  FAIL     0000:02:00.1 is on snd_hda_intel, and the rest of the card is detached; gpupci -d gpupci1' "$scratch/out" || fail "the way out was expected"

agent --check gpupci9
expect_status 1
expect_no_out
expect_err 'GPU card gpupci9 not found'
guest 'modprobe -r kvm_amd'
