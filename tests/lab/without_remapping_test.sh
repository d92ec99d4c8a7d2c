#!/bin/bash
# without_remapping_test.sh HOST: a host whose IOMMU remaps no interrupts says so before a VM fails to start. The machine
# is `without-remapping`.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

agent --check
expect_status 2
expect_checks '- PASS: H2' '- FAIL: H4'
grep -q '^H4 .*allow_unsafe_interrupts' "$scratch/out" || fail "both ways out were expected"

# The operator has accepted the danger. This is not the same as a host without it.
guest 'echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts'
agent --check
! grep -q '^H4 .* PASS ' "$scratch/out" || fail "H4 should not pass"
