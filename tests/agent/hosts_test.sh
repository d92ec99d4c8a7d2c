#!/bin/bash
# hosts_test.sh GPUPCI RECORDING: runs the unmodified gpupci on a host of the field, whose /sys umockdev provides.
# RECORDING.umockdev is the host. RECORDING.session has the output of each `gpupci ...` on it. RECORDING.yaml has the
# host's settings, if there are any.
set -euo pipefail
gpupci=${1:?the program}
recording=${2:?the recording, without its suffix}

# A sanitizer must be the first library; umockdev is preloaded before it.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0

# gpupci must not remember this recording's cards on this machine.
GPUPCI_STATE=$(mktemp -d)
export GPUPCI_STATE
trap 'rm -rf "$GPUPCI_STATE"' EXIT

[[ ! -e $recording.yaml ]] || export GPUPCI_SETTINGS=$recording.yaml

session() {
  local arguments
  while read -r arguments; do
    echo "# gpupci $arguments"
    # shellcheck disable=SC2086 # words
    umockdev-run --device "$recording.umockdev" -- "$gpupci" $arguments </dev/null
  done < <(sed -n 's/^# gpupci //p' "$recording.session")
}

for arguments in -l '-s all'; do
  grep -qx -e "# gpupci $arguments" "$recording.session" || {
    echo "$recording.session has no gpupci $arguments" >&2
    exit 1
  }
done
diff -u "$recording.session" <(session)
