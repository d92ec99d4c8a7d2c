#!/bin/bash
# Hosts come from standard input and from files, and an empty list is never all hosts.
set -euo pipefail
cluster=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck source=tests/support/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/place.sh"
CLUSTER_DB=$(new_place "$folder")
export CLUSTER_DB

fail() {
  echo "$*" >&2
  exit 1
}

"$cluster" add host 'n[1-9]' 2>/dev/null
[[ $(printf 'n1 n[3-4]\n# n5\n!n4\n' | "$cluster" expand host - fold=yes) == 'n[1,3]' ]] || fail "standard input"
[[ $("$cluster" expand host "^"<(echo n7) fold=yes) == n7 ]] || fail "a pipe as a file"
[[ $("$cluster" expand host 'n*' fold=yes | "$cluster" expand host - count=yes) == 9 ]] || fail "folded names are read"

echo >"$folder/blank"
echo '# n1' >"$folder/comment"
for list in /dev/null "$folder/blank" "$folder/comment"; do
  if "$cluster" remove host - yes=yes <"$list" 2>"$folder/said"; then fail "an empty list removed something"; fi
  grep -q 'names no host' "$folder/said" || fail "$(cat "$folder/said")"
done
if "$cluster" remove host '^/dev/zero' yes=yes 2>/dev/null; then fail "a list without an end"; fi
[[ $("$cluster" expand host count=yes) == 9 ]] || fail "a host is gone"

# Names in a list are spelled out; a pattern in it is not.
echo 'n*' | "$cluster" remove host - 2>/dev/null && fail "a pattern in a list removed hosts"
echo 'n1 n2' | "$cluster" remove host - 2>"$folder/said" || fail "names in a list"
grep -qx 'cluster: removed 2 hosts' "$folder/said" || fail "$(cat "$folder/said")"
