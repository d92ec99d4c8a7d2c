#!/bin/bash
# hosts_test.sh GPUPCI RECORDING: the unmodified gpupci on a host of the field, whose /sys umockdev gives it.
# RECORDING.umockdev is the host; RECORDING.session what `gpupci -l` and `gpupci -s all` print there.
set -euo pipefail
gpupci=${1:?the program}
recording=${2:?the recording, without its suffix}

# A sanitizer wants to be the first library; umockdev is preloaded before it.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0

# What gpupci remembers of this recording's cards is not for this machine.
GPUPCI_STATE=$(mktemp -d)
export GPUPCI_STATE
trap 'rm -rf "$GPUPCI_STATE"' EXIT

session() {
  local arguments
  for arguments in "-l" "-s all"; do
    echo "# gpupci $arguments"
    # shellcheck disable=SC2086 # two words
    umockdev-run --device "$recording.umockdev" -- "$gpupci" $arguments
  done
}

diff -u "$recording.session" <(session)
