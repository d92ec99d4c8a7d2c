#!/bin/bash
# shellcheck disable=SC2016 # no shell is to expand them
# serve_ssh_test.sh GPUPCI CLUSTER: a key that is bound to `gpupci --serve-ssh`, behind a real sshd. The frontend's
# commands work with it; nothing else does.
set -euo pipefail

# shellcheck source=tests/support/sshd.sh
. "$(dirname "$0")/../support/sshd.sh"
gpupci=$(realpath "$1")
cluster=$(realpath "$2")
dir=$(mktemp -d)
trap 'stop_sshd; rm -rf "$dir"' EXIT
cd "$dir"

ssh-keygen -q -t ed25519 -N '' -f bound
echo "restrict,command=\"GPUPCI_STATE=$dir/state $gpupci --serve-ssh\" $(<bound.pub)" >authorized_keys
start_sshd authorized_keys 127.0.8.1
write_ssh_config
sed -i "s|IdentityFile .*|IdentityFile $dir/bound|" ssh_config
echo "[127.0.8.1]:$port $(<host_key.pub)" >known_hosts
export CLUSTER_DB=$dir/cluster.db CLUSTER_SSH_CONFIG=$dir/ssh_config SSH_AUTH_SOCK=
"$cluster" add host n1 address=127.0.8.1

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# What gpupci says by itself is what comes over the wire.
[[ $("$cluster" run host n1 "gpupci --version") == "$("$gpupci" --version)" ]] || fail "gpupci --version"
GPUPCI_STATE=$dir/state "$gpupci" -l >here
"$cluster" run host n1 "gpupci -l" >there
cmp here there || fail "gpupci -l"
"$cluster" discover host gpu >/dev/null || fail "discover host gpu"

for evil in 'id' 'touch pwned' 'gpupci -l; touch pwned' 'gpupci $(touch pwned)' 'gpupci -l > pwned' 'gpupci --serve-ssh' \
  '/bin/sh -c "gpupci -l"' 'gpupci -l | sh' $'gpupci -l\ntouch pwned' 'sh'; do
  status=0
  "$cluster" run host n1 "$evil" >out 2>err || status=$?
  [[ $status == 2 && ! -s out && $(wc -l <err) == 1 ]] || fail "'$evil' gave $status: $(cat out err)"
done
[[ ! -e pwned && ! -e $HOME/pwned ]] || fail "something ran"
