#!/bin/bash
# hosts_test.sh GPUPCI RECORDING: the unmodified gpupci on a host of the field, whose /sys umockdev gives it.
# RECORDING.umockdev is the host, RECORDING.session what each `gpupci ...` in it prints there; RECORDING.yaml are the
# host's settings, where it has some.
set -euo pipefail
gpupci=${1:?the program}
recording=${2:?the recording, without its suffix}

# A sanitizer wants to be the first library; umockdev is preloaded before it.
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
