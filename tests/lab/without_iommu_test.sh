#!/bin/bash
# without_iommu_test.sh HOST: a host whose IOMMU is off gives no card to a VM, and says what to do about it. The machine
# is `without-iommu`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

agent -d gpupci1
expect_status 1
expect_no_out
expect_err 'gpupci: cannot detach gpupci1: iommu: 0000:01:00.0 is in no IOMMU group; turn on '
expect_drivers <<'END'
0000:01:00.0 bochs-drm
0000:01:00.1 snd_hda_intel
END

agent --check
expect_status 2
expect_checks '- FAIL: H2' 'gpupci1 FAIL: H5' 'gpupci1 UNKNOWN: H6' 'gpupci1 PASS: D1 D5 D9'
